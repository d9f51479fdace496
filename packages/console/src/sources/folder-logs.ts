import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, pause } from '@upload-once/clock';
import type { FollowGaps, LogSource, OnLines } from '../ports.ts';

const LOOK_MS = 250;
/** Of each file, at the start: some ten thousand lines. */
const MOST_OLD_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const MOST_FILES = 32;
/** Files that have another name now, or none: a service can still write into them. */
const MOST_LEFT_FILES = 8;
/** A longer line is left out. */
const MOST_LINE_BYTES = 64 * 1024;
/** What was read last, to see whether it is still there. */
const MARK_BYTES = 128;
const LINE_FEED = 0x0a;

/** By device and inode: a file that is renamed is the same. No other file gets its inode while it is open here. */
type Files = Map<string, Followed>;

interface Followed {
  readonly file: FileHandle;
  position: number;
  /** The beginning of a line whose end is not there yet. */
  rest: Buffer;
  /** What comes before the next line feed is no whole line. */
  isCut: boolean;
  /** Lines before the next ones were not read, which is not said yet. */
  hasGap: boolean;
  /** The last bytes before `position`. */
  mark: Buffer;
}

/**
 * The log files of a folder, as `make dev` writes them: `*.log`, a file for each service. A file that is renamed is read on. One that is
 * emptied is read from its beginning, and what was written just before that is a gap.
 */
export function createFolderLogs(options: { readonly folder: string; readonly clock: Clock }): LogSource {
  const { folder, clock } = options;

  async function look(files: Files, onLines: OnLines, signal: AbortSignal, gaps: FollowGaps): Promise<void> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
    const named = new Set<string>();
    for (const name of names.slice(0, MOST_FILES)) {
      const id = await opened(join(folder, name), files, gaps);
      if (id !== undefined) named.add(id);
    }
    for (const followed of files.values()) {
      if (signal.aborted) return;
      await readOn(followed, onLines, gaps);
    }
    const left = [...files].filter(([id]) => !named.has(id));
    for (const [id, { file }] of left.slice(0, Math.max(0, left.length - MOST_LEFT_FILES))) {
      files.delete(id);
      await file.close();
    }
  }

  return {
    name: folder,
    isFree: true,

    async follow(onLines, signal, gaps) {
      const files: Files = new Map();
      try {
        while (!signal.aborted) {
          await look(files, onLines, signal, gaps);
          await pause(clock, LOOK_MS, signal);
        }
      } finally {
        for (const { file } of files.values()) await file.close();
      }
    },
  };
}

/** Opens a file, if it is not open yet. @returns what names it; undefined: it has gone, or is no file that can be read */
async function opened(path: string, files: Files, { onUnread }: FollowGaps): Promise<string | undefined> {
  try {
    const there = await stat(path, { bigint: true });
    // To open a named pipe would wait for its writer.
    if (!there.isFile()) return undefined;
    const id = idOf(there);
    if (files.has(id)) return id;
    const file = await open(path);
    // Another file can have its name by now.
    const found = await file.stat({ bigint: true });
    if (files.has(idOf(found))) await file.close();
    else files.set(idOf(found), begin(file, Math.max(0, Number(found.size) - MOST_OLD_BYTES)));
    return idOf(found);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') onUnread(`${path} cannot be read (${code}). The other files are followed`);
    return undefined;
  }
}

const idOf = ({ dev, ino }: { dev: bigint; ino: bigint }) => `${dev} ${ino}`;

function begin(file: FileHandle, position: number): Followed {
  const isCut = position > 0;
  return { file, position, rest: Buffer.alloc(0), isCut, hasGap: isCut, mark: Buffer.alloc(0) };
}

async function readOn(followed: Followed, onLines: OnLines, { onCut }: FollowGaps): Promise<void> {
  const { file } = followed;
  const { size } = await file.stat();
  if (size === followed.position) return;
  if (await isBegunAnew(followed, size)) {
    Object.assign(followed, begin(file, Math.max(0, size - MOST_OLD_BYTES)), { hasGap: true });
  }
  const chunk = Buffer.alloc(CHUNK_BYTES);
  while (followed.position < size) {
    const length = Math.min(CHUNK_BYTES, size - followed.position);
    const { bytesRead } = await file.read(chunk, 0, length, followed.position);
    if (bytesRead === 0) break;
    const read = chunk.subarray(0, bytesRead);
    followed.position += bytesRead;
    followed.mark = Buffer.concat([followed.mark, read]).subarray(-MARK_BYTES);
    const lines = linesOf(followed, read);
    if (lines.length === 0) continue;
    if (followed.hasGap) onCut(lines);
    followed.hasGap = false;
    onLines(lines);
  }
}

/** It was emptied, and may have grown since beyond what was read: then other bytes are where the last ones were. */
async function isBegunAnew({ file, position, mark }: Followed, size: number): Promise<boolean> {
  if (size < position) return true;
  const there = Buffer.alloc(mark.length);
  await file.read(there, 0, mark.length, position - mark.length);
  return !there.equals(mark);
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
