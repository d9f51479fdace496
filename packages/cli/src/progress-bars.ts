// Own lines: the lines themselves are all that is needed, with their clock and their terminal as arguments. The package
// cli-progress was last released in February 2023 (3.12.0) and brings timers and cursor handling of its own.
import { progressLine } from './progress-line.ts';

const REDRAW_MS = 100;
/** The rate is that of the last seconds: an average over all would not show that the line has become slow. */
const RATE_WINDOW_MS = 5000;
const CLEAR_LINE = '\r\x1b[K';
const LINE_UP = '\x1b[A';

export interface Terminal {
  write(text: string): unknown;
  /** The size now; it changes with the window. Unknown counts as 80 and 24. */
  readonly columns?: number;
  readonly rows?: number;
}

export interface ProgressBar {
  /** Redraws at most 10 times a second, and always when all is sent. */
  update(sentBytes: number): void;
  /** Takes the line away; the file counts as done. */
  remove(): void;
}

export interface ProgressBars {
  /** Draws the first state at once. */
  add(label: string, totalBytes: number): ProgressBar;
  /** A file that needs no bar counts as done. */
  skip(totalBytes: number): void;
  /** Takes all lines away for as long as `write` lasts: what it writes starts where they stood. */
  aside<T>(write: () => T): T;
}

interface Counted {
  readonly label: string;
  readonly totalBytes: number;
  sentBytes: number;
  readonly rateOf: (at: number, sentBytes: number) => number | undefined;
}

/** A line for each file on its way, and where there are several files one more for all of them. */
export function createProgressBars(options: {
  readonly terminal: Terminal;
  readonly now: () => Date;
  /** All that are going to be sent. */
  readonly files: { readonly count: number; readonly totalBytes: number };
}): ProgressBars {
  const { terminal, now, files } = options;
  const bars = new Set<Counted>();
  const done = { count: 0, bytes: 0 };
  const rateOfAll = createRate();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawnLines = 0;

  function total(): Counted {
    const sentBytes = [...bars].reduce((sum, bar) => sum + bar.sentBytes, done.bytes);
    const label = `${done.count} of ${files.count} files`;
    return { label, totalBytes: files.totalBytes, sentBytes, rateOf: rateOfAll };
  }

  function lines(at: number): string[] {
    const all = files.count > 1 ? [...bars, total()] : [...bars];
    // More than the window has could not be taken away again. The last one is the total.
    const shown = all.slice(-Math.max(1, (terminal.rows ?? 24) - 1));
    return shown.map(({ label, sentBytes, totalBytes, rateOf }) =>
      progressLine({
        label,
        sentBytes,
        totalBytes,
        bytesPerSecond: rateOf(at, sentBytes),
        columns: terminal.columns ?? 80,
      }),
    );
  }

  function clearing(): string {
    return drawnLines === 0 ? '' : CLEAR_LINE + `${LINE_UP}${CLEAR_LINE}`.repeat(drawnLines - 1);
  }

  function clear(): void {
    if (drawnLines > 0) terminal.write(clearing());
    drawnLines = 0;
  }

  function draw(): void {
    drawnAt = now().getTime();
    const drawn = bars.size === 0 ? [] : lines(drawnAt);
    const moved = drawnLines > 1 ? LINE_UP.repeat(drawnLines - 1) : '';
    const before = drawn.length === drawnLines ? moved : clearing();
    drawnLines = drawn.length;
    if (drawn.length > 0) terminal.write(before + drawn.map((line) => `\r${line}\x1b[K`).join('\n'));
    else if (before !== '') terminal.write(before);
  }

  function finish(totalBytes: number): void {
    done.count += 1;
    done.bytes += totalBytes;
  }

  return {
    add(label, totalBytes) {
      const bar: Counted = { label, totalBytes, sentBytes: 0, rateOf: createRate() };
      bars.add(bar);
      draw();
      return {
        update(sentBytes) {
          bar.sentBytes = sentBytes;
          if (Math.abs(now().getTime() - drawnAt) >= REDRAW_MS || sentBytes >= totalBytes) draw();
        },
        remove() {
          if (!bars.delete(bar)) return;
          finish(totalBytes);
          draw();
        },
      };
    },

    skip: finish,

    aside(write) {
      clear();
      const result = write();
      if (bars.size > 0) draw();
      return result;
    },
  };
}

/** Bytes per second over the last seconds; undefined: not known yet. */
function createRate(): Counted['rateOf'] {
  const samples: { readonly at: number; readonly sentBytes: number }[] = [];
  return (at, sentBytes) => {
    samples.push({ at, sentBytes });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > RATE_WINDOW_MS) samples.shift();
    const first = samples[0] ?? { at, sentBytes };
    const seconds = (at - first.at) / 1000;
    return seconds > 0 ? (sentBytes - first.sentBytes) / seconds : undefined;
  };
}
