/** The three forms of a date in HTTP begin with a day's name (RFC 9110, "Date/Time Formats"); the oldest names no time zone, and is in UTC. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}( \d{4}| GMT)$/;

/**
 * How long a response asks to wait (RFC 9110, "Retry-After"): a number of seconds, or a date. A date is taken by the clock of who gave it,
 * the response's `Date`, and by this machine's only where there is none. Undefined where it does not ask to, or nothing that can be read.
 */
export function retryAfterSecondsOf(headers: Headers): number | undefined {
  const given = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(given)) return Number(given);
  const untilMs = dateMsOf(given);
  if (untilMs === undefined) return undefined;
  const respondedMs = dateMsOf(headers.get('date') ?? '') ?? Date.now();
  return Math.max(0, Math.ceil((untilMs - respondedMs) / 1000));
}

function dateMsOf(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return undefined;
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
