const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const MINUTE = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const COUNT = new Intl.NumberFormat('en-GB');

/** @param {number} ms */
export const timeOf = (ms) => TIME.format(ms);
/** @param {number} ms */
export const minuteOf = (ms) => MINUTE.format(ms);
/** @param {number | string} time */
export const dateOf = (time) => DATE.format(new Date(time));
/** @param {number} count */
export const countOf = (count) => COUNT.format(count);

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${countOf(count)} ${count === 1 ? one : many}`;

/** `85 ms`, `1.2 s`, `3 min 4 s`, `2 h 5 min`. @param {number} ms 0 or more */
export function durationOf(ms) {
  if (ms < 10 && !Number.isInteger(ms)) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} bytes */
export function sizeOf(bytes) {
  if (bytes < 1_024) return counted(bytes, 'byte');
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes / 1_024;
  let at = 0;
  for (; size >= 1_024 && at < units.length - 1; at += 1) size /= 1_024;
  return `${size.toFixed(1)} ${units[at]}`;
}
