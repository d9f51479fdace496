const CLOCK = /** @type {const} */ ({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const TIME = new Intl.DateTimeFormat('en-GB', CLOCK);
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const DAY_AND_TIME = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', ...CLOCK });
const DATE = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  ...CLOCK,
  timeZoneName: 'short',
});
const MINUTE = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const COUNT = new Intl.NumberFormat('en-GB');

/** What no calendar has. */
const NO_TIME = '?';
/** ECMAScript, "Time Values and Time Range". */
const MOST_MS = 8.64e15;
/** @param {number} ms */
const isTime = (ms) => Math.abs(ms) <= MOST_MS;

/** The zone of all times of the page: that of the browser. */
export const zone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** With its date, if that is not today; `?` if it is no time. @param {number} ms @param {number} [nowMs] */
export const timeOf = (ms, nowMs = Date.now()) =>
  isTime(ms) ? (DAY.format(ms) === DAY.format(nowMs) ? TIME : DAY_AND_TIME).format(ms) : NO_TIME;

/** On the axis of the last hour. @param {number} ms */
export const minuteOf = (ms) => (isTime(ms) ? MINUTE.format(ms) : NO_TIME);
/** `?` if it is no time. @param {number | string} time */
export const dateOf = (time) => {
  const at = new Date(time);
  return isTime(at.getTime()) ? DATE.format(at) : NO_TIME;
};
/** @param {number} count */
export const countOf = (count) => COUNT.format(count);

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${countOf(count)} ${count === 1 ? one : many}`;

/** `85 ms`, `1.2 s`, `3 min 4 s`, `2 h 5 min`. @param {number} ms 0 or more */
export function durationOf(ms) {
  if (ms < 9.95 && !Number.isInteger(ms)) return `${ms.toFixed(1)} ms`;
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  // Rounded first: 59.9 s is a minute, and not 60 s.
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} bytes */
export function sizeOf(bytes) {
  if (bytes < 1_024) return counted(bytes, 'byte');
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes / 1_024;
  let at = 0;
  for (; size >= 1_023.95 && at < units.length - 1; at += 1) size /= 1_024;
  return `${size.toFixed(1)} ${units[at]}`;
}
