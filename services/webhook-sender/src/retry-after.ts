/**
 * What a header Retry-After asks for (RFC 9110, "Retry-After"), in seconds: a number of them, or a date. Undefined for anything else.
 */
export function retryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  const given = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(given)) return Number(given);
  const atMs = /^[A-Z][a-z]{2}, .* GMT$/.test(given) ? Date.parse(given) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, (atMs - now.getTime()) / 1000);
}
