import { byteShare, byteSize } from '@upload-once/text/byte-size';
import { printable } from '@upload-once/text/printable';

const LABEL_MAX_COLUMNS = 30;
const LABEL_MIN_COLUMNS = 4;
const BAR_MIN_COLUMNS = 10;
const BAR_MAX_COLUMNS = 40;
/** The longest rate and the longest end of a line: their room is kept, so that the bar does not jump. */
const RATE_COLUMNS = '1023.9 KiB/s'.length;
const END_COLUMNS = 'waiting for S3'.length;

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
