import type { Writable } from 'node:stream';

/** How much of lines may wait, in characters. */
const MOST_WAITING = 1_048_576;
const CHECK_SECONDS = 1;
/** How long a reader may take for one piece. One that takes longer stands still. */
const STANDSTILL_SECONDS = 10;

/** Standard output or standard error, written in order, with no wait in this thread for who reads it. */
export interface Output {
  /** Writes a line. It is dropped, and counted, where a mebibyte of lines waits already, unless it is to be kept. */
  write(line: string, isKept?: boolean): void;
  /**
   * Writes what its source bounds: it waits with more until `written` is called, once. While the reader stands still it is dropped, and
   * counted, and the source goes on.
   */
  print(text: string, written: () => void): void;
  /** Resolves when nothing waits any more, and at the latest after the limit. */
  settled(limitSeconds: number): Promise<void>;
}

interface Piece {
  readonly text: string;
  /** Only of what was printed. */
  readonly written?: () => void;
}

/**
 * A pipe takes 64 KiB, and then waits for its reader. A thread that waited with it would renew no lease and respond to no probe.
 * @param stream a write that it can't take at once ends later, as that of process.stdout does; its errors (a full disk, a reader that is
 *   gone) are ignored
 * @param onDropped is told how many pieces were dropped, once the reader reads on; what it writes is not dropped
 */
export function createOutput(stream: Writable, onDropped: (pieces: number) => void): Output {
  const queue: Piece[] = [];
  const settling = new Set<() => void>();
  let waiting = 0;
  let unfinished = 0;
  let dropped = 0;
  let finished = 0;
  let finishedBefore = 0;
  let stillSeconds = 0;
  let watch: NodeJS.Timeout | undefined;
  let isReporting = false;
  stream.on('error', () => undefined);

  const isStandingStill = () => stillSeconds >= STANDSTILL_SECONDS;

  function onFinish(): void {
    unfinished -= 1;
    finished += 1;
    if (unfinished > 0) return;
    const next = queue.shift();
    if (next) {
      if (!next.written) waiting -= next.text.length;
      hand(next);
      return;
    }
    for (const resolve of settling) resolve();
    settling.clear();
  }

  function hand({ text, written }: Piece): void {
    unfinished += 1;
    stream.write(text, () => {
      written?.();
      onFinish();
    });
    if (stream.writableLength > 0) watch ??= setInterval(look, CHECK_SECONDS * 1000).unref();
  }

  /** In order: at once where nothing waits. */
  function send(piece: Piece): void {
    if (queue.length === 0 && stream.writableLength === 0) {
      hand(piece);
      return;
    }
    if (!piece.written) waiting += piece.text.length;
    queue.push(piece);
  }

  function look(): void {
    const isRead = finished > finishedBefore;
    finishedBefore = finished;
    stillSeconds = isRead ? 0 : stillSeconds + CHECK_SECONDS;
    if (isStandingStill()) dropPrinted();
    if (isRead) report();
    if (unfinished > 0) return;
    clearInterval(watch);
    watch = undefined;
  }

  function dropPrinted(): void {
    const kept = queue.filter(({ written }) => !written);
    const printed = queue.filter(({ written }) => written);
    queue.splice(0, queue.length, ...kept);
    dropped += printed.length;
    for (const { written } of printed) written?.();
  }

  function report(): void {
    if (dropped === 0) return;
    const pieces = dropped;
    dropped = 0;
    isReporting = true;
    onDropped(pieces);
    isReporting = false;
  }

  return {
    write(line, isKept = false) {
      if (waiting + line.length > MOST_WAITING && !isKept && !isReporting) dropped += 1;
      else send({ text: line });
    },
    print(text, written) {
      if (!isStandingStill()) {
        send({ text, written });
        return;
      }
      dropped += 1;
      written();
    },
    async settled(limitSeconds) {
      report();
      if (unfinished === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      settling.add(resolve);
      const limit = setTimeout(resolve, limitSeconds * 1000);
      await promise;
      clearTimeout(limit);
    },
  };
}
