import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, pause } from '@upload-once/clock';
import type { LogSource, OnLines } from '../ports.ts';

const LOOK_MS = 250;
/** Of each file, at the start: some ten thousand lines. */
const MOST_OLD_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const MOST_FILES = 32;
/** A longer line is left out. */
const MOST_LINE_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** By device, inode and birth: a file that is renamed is the same, and an inode that is used again is another file. */
type Files = Map<string, Followed>;

interface Followed {
  position: number;
  /** The beginning of a line whose end is not there yet. */
  rest: Buffer;
  /** What comes before the next line feed is no whole line. */
  isCut: boolean;
}

/** The log files of a folder, as `make dev` writes them: `*.log`, a file for each service. */
export function createFolderLogs(options: { readonly folder: string; readonly clock: Clock }): LogSource {
  const { folder, clock } = options;

  async function look(files: Files, onLines: OnLines, signal: AbortSignal, onCut: () => void): Promise<void> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
    for (const name of names.slice(0, MOST_FILES)) {
      if (signal.aborted) return;
      await lookAt(join(folder, name), files, onLines, onCut);
    }
  }

  return {
    name: folder,
    isFree: true,

    async follow(onLines, signal, onCut) {
      const files: Files = new Map();
      while (!signal.aborted) {
        await look(files, onLines, signal, onCut);
        await pause(clock, LOOK_MS, signal);
      }
    },
  };
}

async function lookAt(path: string, files: Files, onLines: OnLines, onCut: () => void): Promise<void> {
  const file = await opened(path);
  if (!file) return;
  try {
    await readOn(file, files, onLines, onCut);
  } finally {
    await file.close();
  }
}

async function readOn(file: FileHandle, files: Files, onLines: OnLines, onCut: () => void): Promise<void> {
  const { dev, ino, birthtimeNs, size: bytes } = await file.stat({ bigint: true });
  const size = Number(bytes);
  const name = `${dev} ${ino} ${birthtimeNs}`;
  const known = files.get(name);
  const isNew = !known || size < known.position;
  // A file that was begun anew is shorter than what was read of it.
  const followed = isNew ? begin(Math.max(0, size - MOST_OLD_BYTES)) : known;
  files.set(name, followed);
  if (isNew && followed.position > 0) onCut();
  const chunk = Buffer.alloc(CHUNK_BYTES);
  while (followed.position < size) {
    const length = Math.min(CHUNK_BYTES, size - followed.position);
    const { bytesRead } = await file.read(chunk, 0, length, followed.position);
    if (bytesRead === 0) break;
    followed.position += bytesRead;
    const lines = linesOf(followed, chunk.subarray(0, bytesRead));
    if (lines.length > 0) onLines(lines);
  }
}

function begin(position: number): Followed {
  return { position, rest: Buffer.alloc(0), isCut: position > 0 };
}

function linesOf(followed: Followed, chunk: Buffer): string[] {
  const bytes = Buffer.concat([followed.rest, chunk]);
  const lines: string[] = [];
  let from = 0;
  for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
    if (!followed.isCut && end - from <= MOST_LINE_BYTES) lines.push(bytes.toString('utf8', from, end));
    followed.isCut = false;
    from = end + 1;
  }
  const rest = bytes.subarray(from);
  followed.isCut ||= rest.length > MOST_LINE_BYTES;
  followed.rest = followed.isCut ? Buffer.alloc(0) : Buffer.from(rest);
  return lines;
}

/** Undefined: the file has gone. */
async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
