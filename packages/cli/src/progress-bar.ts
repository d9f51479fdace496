// Own lines: the line itself is all that is needed, with its clock and its terminal as arguments. The package
// cli-progress was last released in February 2023 (3.12.0) and brings timers and cursor handling of its own.
import { byteShare, byteSize } from '@upload-once/text/byte-size';
import { printable } from '@upload-once/text/printable';

const REDRAW_MS = 100;
/** The rate is that of the last seconds: an average over all would not show that the line has become slow. */
const RATE_WINDOW_MS = 5000;
const LABEL_MAX_COLUMNS = 30;
const LABEL_MIN_COLUMNS = 4;
const BAR_MIN_COLUMNS = 10;
const BAR_MAX_COLUMNS = 40;
/** The longest rate and the longest end of a line: their room is kept, so that the bar does not jump. */
const RATE_COLUMNS = '1023.9 KiB/s'.length;
const END_COLUMNS = 'waiting for S3'.length;

export interface Terminal {
  write(text: string): unknown;
  /** The width now; it changes with the window. Unknown counts as 80. */
  readonly columns?: number;
}

export interface ProgressBar {
  /** Redraws at most 10 times a second, and always when all is sent. */
  update(sentBytes: number): void;
  /** Takes the line away; what is written next starts where it stood. */
  clear(): void;
}

/** Draws the first state at once. */
export function createProgressBar(options: {
  terminal: Terminal;
  label: string;
  totalBytes: number;
  now: () => Date;
}): ProgressBar {
  const { terminal, label, totalBytes, now } = options;
  const samples: { at: number; sentBytes: number }[] = [];
  let drawnAt = Number.NEGATIVE_INFINITY;

  function draw(sentBytes: number): void {
    const at = now().getTime();
    if (Math.abs(at - drawnAt) < REDRAW_MS && sentBytes < totalBytes) return;
    drawnAt = at;
    samples.push({ at, sentBytes });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > RATE_WINDOW_MS) samples.shift();
    const first = samples[0] ?? { at, sentBytes };
    const seconds = (at - first.at) / 1000;
    const bytesPerSecond = seconds > 0 ? (sentBytes - first.sentBytes) / seconds : undefined;
    const line = progressLine({
      label,
      sentBytes,
      totalBytes,
      bytesPerSecond,
      columns: terminal.columns ?? 80,
    });
    terminal.write(`\r${line}\x1b[K`);
  }

  draw(0);
  return { update: draw, clear: () => terminal.write('\r\x1b[K') };
}

/** One line, always shorter than `columns`, so that the terminal never wraps it: where room is short the label goes first, then the bar. */
export function progressLine(state: {
  label: string;
  sentBytes: number;
  totalBytes: number;
  /** Undefined: not known yet. */
  bytesPerSecond: number | undefined;
  columns: number;
}): string {
  const { sentBytes, totalBytes, bytesPerSecond } = state;
  const columns = Math.max(state.columns - 1, 0);
  const share = totalBytes === 0 ? 1 : sentBytes / totalBytes;
  const rate = bytesPerSecond === undefined ? '' : `${byteSize(bytesPerSecond)}/s`;
  const end = sentBytes >= totalBytes ? 'waiting for S3' : timeLeft(totalBytes - sentBytes, bytesPerSecond);
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const numbers = `${percent}  ${byteShare(sentBytes, totalBytes)}  ${rate.padEnd(RATE_COLUMNS)}  `;

  let free = columns - numbers.length - END_COLUMNS;
  const frame = '[]  '.length;
  const label = shortened(
    printable(state.label),
    Math.min(LABEL_MAX_COLUMNS, free - BAR_MIN_COLUMNS - frame - 2),
  );
  if (label !== '') free -= columnsOf(label) + 2;
  const barColumns = Math.min(BAR_MAX_COLUMNS, free - frame);
  const bar =
    barColumns < BAR_MIN_COLUMNS
      ? ''
      : `[${'#'.repeat(Math.floor(share * barColumns)).padEnd(barColumns, '-')}]`;
  return [label, bar, numbers + end].filter(Boolean).join('  ').trimEnd().slice(0, columns);
}

function timeLeft(bytes: number, bytesPerSecond: number | undefined): string {
  if (bytesPerSecond === undefined) return '';
  if (bytesPerSecond <= 0) return 'stalled';
  const seconds = Math.ceil(bytes / bytesPerSecond);
  if (seconds >= 100 * 3600) return '> 100 h left';
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)} left`;
}

/** Anything beyond ASCII counts as two columns: some of it is that wide, and too short is better than wrapped. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += character <= '\x7f' ? 1 : 2;
  return columns;
}

function shortened(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < LABEL_MIN_COLUMNS) return '';
  let kept = '';
  let used = 3;
  for (const character of text) {
    used += columnsOf(character);
    if (used > columns) break;
    kept += character;
  }
  return `${kept}...`;
}
