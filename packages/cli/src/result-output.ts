import { fstatSync, statSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';
import { OutputFailed } from './output-failed.ts';

export interface ResultOutput {
  /**
   * Writes to a file at once. @throws OutputFailed
   *
   * To a pipe or a terminal: @returns a promise that rejects with OutputFailed. It need not be awaited; only a result that can't be
   * given again has to be, because a reader who goes away is no failure of the rest.
   */
  write(text: string): Promise<void>;
  /** When all that was written has gone out or failed. @returns the first failure, other than that of a pipe that its reader closed */
  flushed(): Promise<OutputFailed | undefined>;
  /** What is written goes nowhere: it is the null device, which Node also puts in the place of a closed one. */
  readonly isDiscarded: boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Standard output, which may be a file on a full disk. */
export function createResultOutput(stream: typeof process.stdout): ResultOutput {
  let failure: OutputFailed | undefined;
  // Each write gets its own failure.
  stream.on('error', () => {});
  const isFile = !stream.isTTY && isFileOrDevice(stream.fd);

  const failed = (cause: Error) =>
    new OutputFailed(`standard output could not be written (${cause.message})`, { cause });
  const throughStream = (text: string) =>
    new Promise<void>((resolve, reject) => {
      stream.write(text, (error) => {
        if (!error) return resolve();
        const isClosedPipe = (error as NodeJS.ErrnoException).code === 'EPIPE' || stream.destroyed;
        if (!isClosedPipe) failure ??= failed(error);
        reject(failed(error));
      });
    });
  let last: Promise<unknown> = Promise.resolve();
  return {
    write(text) {
      if (isFile) {
        try {
          writeWhole(stream.fd, text);
        } catch (cause) {
          failure ??= failed(cause as Error);
          throw failure;
        }
        return Promise.resolve();
      }
      const written = throughStream(text);
      last = written.catch(() => {});
      return written;
    },
    async flushed() {
      await last;
      return failure;
    },
    isDiscarded: isNullDevice(stream.fd),
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
  };
}

/** Node's own stream takes a write that a full disk cut short for a whole one. */
function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function isFileOrDevice(fd: number): boolean {
  const kind = fstatSync(fd);
  return kind.isFile() || kind.isCharacterDevice();
}

function isNullDevice(fd: number): boolean {
  try {
    const [own, none] = [fstatSync(fd), statSync(devNull)];
    return own.isCharacterDevice() && none.isCharacterDevice() && own.rdev === none.rdev;
  } catch {
    return false;
  }
}
