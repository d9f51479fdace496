import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Written } from './output-thread.ts';

const PROGRAM = new URL('output-thread.ts', import.meta.url);
/** How much of lines may wait, in characters. */
const MOST_WAITING = 1_048_576;
/** How much is given to the thread at once, and the last piece beyond it. */
const MOST_AT_ONCE = 16_384;
const LOOK_SECONDS = 1;
/** How long a reader may take for what is written at once. One that takes longer stands still. */
const STANDSTILL_SECONDS = 10;

/**
 * Standard output or standard error, written in order. This thread does not wait for who reads it. Our own, because pino's transports and
 * `thread-stream` keep what nothing reads in memory without a bound, and do not say when a text is written: a handler waits for that.
 */
export interface Output {
  /** Writes a line. It is dropped, and counted, where a mebibyte of lines waits already, unless it is to be kept. */
  write(line: string, isKept?: boolean): void;
  /**
   * Writes what its source bounds: it waits with more until `written` is called, once. While the reader stands still it is dropped, and
   * counted, and the source goes on.
   * @param source whose text it is, where it may begin or end within a line; what others write begins a line of its own
   */
  print(text: string, written: () => void, source?: object): void;
  /** Resolves when nothing waits any more, with true, and after the limit with false: its thread can't be ended then. */
  settled(limitSeconds: number): Promise<boolean>;
}

interface Piece {
  readonly text: string;
  readonly source?: object | undefined;
  /** Only of what was printed. */
  readonly written?: () => void;
  /** Only of a report: how many dropped pieces it tells of. */
  readonly reports?: number | undefined;
}

/** A line without an end, and whose it is: no source's where it was cut off. */
interface Begun {
  readonly by: object | undefined;
}

/**
 * A pipe takes 64 KiB and then makes its writer wait for the reader. A main thread that waited with it would renew no lease and answer no
 * probe. Whether a descriptor makes its writer wait is no choice of one process: a child process with `stdio: 'inherit'` changes it for
 * all (libuv, `uv_spawn`). So what a pipe takes at once is written by a description of its own, and the rest by a thread.
 *
 * Errors (a full disk, a reader that is gone) end nothing: what was not written counts as dropped.
 *
 * @param onDropped is told how many pieces were dropped, once the reader reads on; what it writes is not dropped
 */
export function createOutput(fileDescriptor: 1 | 2, onDropped: (pieces: number) => void): Output {
  const atOnce = openWithoutWait(fileDescriptor);
  const queue: Piece[] = [];
  const settling = new Set<() => void>();
  let underWay: Piece[] = [];
  let isPartWritten = false;
  let thread: Worker | undefined;
  let waiting = 0;
  let dropped = 0;
  let isRead = false;
  let stillSeconds = 0;
  let watch: NodeJS.Timeout | undefined;
  let isReporting = false;
  let isReportWaiting = false;
  /** The line that was begun and has no end yet: of what is written, and of what is under way behind it. */
  let begun: Begun | undefined;
  let willBeBegun: Begun | undefined;

  const isStandingStill = () => stillSeconds >= STANDSTILL_SECONDS;

  function start(): Worker {
    const started = new Worker(PROGRAM, {
      name: 'output',
      workerData: atOnce ?? fileDescriptor,
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    started.on('message', onWritten);
    started.on('error', () => {
      thread = undefined;
      onWritten('nothing');
    });
    // Behind its listeners, each of which would hold the process again.
    started.unref();
    return started;
  }

  function onWritten(written: Written): void {
    const pieces = underWay;
    underWay = [];
    isRead ||= written === 'all';
    if (written === 'all') begun = willBeBegun;
    else if (written === 'a part' || isPartWritten) begun = { by: undefined };
    if (written !== 'all' || dropped > 0) beginWatch();
    for (const piece of pieces) {
      if (piece.reports !== undefined) isReportWaiting = false;
      if (written === 'all') dropped -= piece.reports ?? 0;
      else if (piece.reports === undefined) dropped += 1;
      piece.written?.();
    }
    writeNext();
    // Of what was dropped after the report that waited. Not after an error, which would keep this report from being written as well.
    if (settling.size > 0 && written === 'all') report();
    if (underWay.length > 0) return;
    for (const resolve of settling) resolve();
    settling.clear();
  }

  function writeNext(): void {
    if (underWay.length > 0 || queue.length === 0) return;
    let text = '';
    let count = 0;
    willBeBegun = begun;
    for (const piece of queue) {
      text += withLineFeed(piece);
      if (!piece.written) waiting -= piece.text.length;
      count += 1;
      if (text.length >= MOST_AT_ONCE) break;
    }
    underWay = queue.splice(0, count);
    const bytes = Buffer.from(text);
    const { at, isOver } = atOnce === undefined ? { at: 0, isOver: false } : writeAtOnce(atOnce, bytes);
    isPartWritten = at > 0;
    if (isOver) {
      onWritten(at === bytes.length ? 'all' : 'nothing');
      return;
    }
    thread ??= start();
    thread.postMessage(bytes.subarray(at));
    beginWatch();
  }

  function beginWatch(): void {
    watch ??= setInterval(look, LOOK_SECONDS * 1000).unref();
  }

  /** Ends the line of another before it. */
  function withLineFeed({ text, source }: Piece): string {
    const lineFeed = willBeBegun && (source === undefined || willBeBegun.by !== source) ? '\n' : '';
    if (text !== '') willBeBegun = text.endsWith('\n') ? undefined : { by: source };
    return lineFeed + text;
  }

  function send(piece: Piece): void {
    if (!piece.written) waiting += piece.text.length;
    queue.push(piece);
    writeNext();
  }

  function look(): void {
    stillSeconds = isRead || underWay.length === 0 ? 0 : stillSeconds + LOOK_SECONDS;
    if (isStandingStill()) dropPrinted();
    if (isRead) report();
    isRead = false;
    if (underWay.length > 0) return;
    clearInterval(watch);
    watch = undefined;
  }

  function dropPrinted(): void {
    const printed = queue.filter(({ written }) => written);
    queue.splice(0, queue.length, ...queue.filter(({ written }) => !written));
    dropped += printed.length;
    for (const { written } of printed) written?.();
  }

  function report(): void {
    if (dropped === 0 || isReportWaiting) return;
    const pieces = dropped;
    isReporting = true;
    onDropped(pieces);
    // It is written elsewhere, or not at all: that of standard error is a log line.
    if (isReporting) dropped -= pieces;
    isReporting = false;
  }

  return {
    write(line, isKept = false) {
      if (isReporting) {
        isReporting = false;
        isReportWaiting = true;
        send({ text: line, reports: dropped });
      } else if (isKept || waiting + line.length <= MOST_WAITING) send({ text: line });
      else dropped += 1;
    },
    print(text, written, source) {
      if (!isStandingStill()) {
        send({ text, written, source });
        return;
      }
      dropped += 1;
      written();
    },
    async settled(limitSeconds) {
      report();
      if (underWay.length === 0) return true;
      const { promise, resolve } = Promise.withResolvers<void>();
      settling.add(resolve);
      const limit = setTimeout(resolve, limitSeconds * 1000);
      await promise;
      clearTimeout(limit);
      return underWay.length === 0;
    },
  };
}

/**
 * A descriptor of the same place on which a write does not wait, where there can be one. A socket can't be opened again: on it a write
 * waits once a child process had it by `stdio: 'inherit'`.
 */
function openWithoutWait(fileDescriptor: 1 | 2): number | undefined {
  try {
    const stats = fstatSync(fileDescriptor);
    // A file takes what comes. A second description of it would begin at its first byte.
    if (stats.isFile()) return fileDescriptor;
    // Node.js has made it such that a write does not wait (process.stdout, process.stderr).
    if (stats.isSocket()) return fileDescriptor;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fileDescriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}

/** Writes as much as can be. It is over when all was written, or when an error says that the rest can't be. */
function writeAtOnce(fileDescriptor: number, bytes: Buffer): { at: number; isOver: boolean } {
  let at = 0;
  try {
    while (at < bytes.length) at += writeSync(fileDescriptor, bytes, at);
    return { at, isOver: true };
  } catch (error) {
    return { at, isOver: (error as NodeJS.ErrnoException).code !== 'EAGAIN' };
  }
}
