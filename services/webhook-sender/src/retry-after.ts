/**
 * What a header Retry-After asks for (RFC 9110, "Retry-After"), in seconds: a number of them, or a date in any of HTTP's three
 * formats. Undefined for anything else.
 */
export function retryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  const given = header?.trim() ?? '';
  if (/^\d+$/.test(given)) return Number(given);
  const isDate = /^[A-Z][a-z]{2,8},? .*\d$|^[A-Z][a-z]{2,8}, .* GMT$/.test(given);
  const atMs = isDate ? Date.parse(given.endsWith(' GMT') ? given : `${given} GMT`) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, (atMs - now.getTime()) / 1000);
}
