import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type ChecksumAlgorithm, Digests, type FinishedDigests } from './checksum.ts';
import type { ByteRange, Segment } from './object-version.ts';

const READ_CHUNK_BYTES = 256 * 1024;

/**
 * The bytes, in files that are written once. Versions, parts and staged bytes refer to runs of them and are
 * counted; a file goes when nothing refers to it any more.
 */
export class DataFiles {
  readonly #directory: string;
  readonly #ids: () => string;
  readonly #references = new Map<string, number>();

  constructor(directory: string, ids: () => string) {
    this.#directory = directory;
    this.#ids = ids;
  }

  /** Called once, after everything that stands has been retained: removes the files of what never came to stand. */
  async sweep(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    for (const file of await readdir(this.#directory)) {
      if (!this.#references.has(file)) await rm(join(this.#directory, file));
    }
  }

  retain(segments: readonly Segment[]): void {
    for (const { file } of segments) this.#references.set(file, (this.#references.get(file) ?? 0) + 1);
  }

  async release(segments: readonly Segment[]): Promise<void> {
    for (const { file } of segments) {
      const references = (this.#references.get(file) ?? 0) - 1;
      if (references > 0) {
        this.#references.set(file, references);
      } else {
        this.#references.delete(file);
        await rm(join(this.#directory, file), { force: true });
      }
    }
  }

  /**
   * Writes a stream to a new file, retained once. `onBytes` sees each piece while it is written, and may throw to
   * end it. Rejects with what the stream or `onBytes` threw, the file removed.
   */
  async write(body: AsyncIterable<Uint8Array>, onBytes: (bytes: Uint8Array) => void): Promise<Segment[]> {
    const file = this.#ids();
    const path = join(this.#directory, file);
    const handle = await open(path, 'wx');
    let length = 0;
    try {
      for await (const bytes of body) {
        const writing = writeAll(handle, bytes);
        try {
          onBytes(bytes);
        } finally {
          await writing;
        }
        length += bytes.byteLength;
      }
      await handle.close();
    } catch (error) {
      await handle.close().catch(() => undefined);
      await rm(path, { force: true });
      throw error;
    }
    const segments = [{ file, offset: 0, length }];
    this.retain(segments);
    return segments;
  }

  /** Retains the files until the stream has closed, so that a delete meanwhile does not cut it short. */
  read(segments: readonly Segment[]): Readable {
    this.retain(segments);
    const pieces = this.#pieces(segments);
    const end = async () => {
      await pieces.return(undefined);
      await this.release(segments);
    };
    return new Readable({
      highWaterMark: READ_CHUNK_BYTES,
      read() {
        pieces.next().then(
          ({ value }) => this.push(value ?? null),
          (error) => this.destroy(error),
        );
      },
      destroy(error, closed) {
        end().then(() => closed(error), closed);
      },
    });
  }

  /** Reads the bytes for their digests, through one buffer: several copies of gigabytes at once must not pile up chunks. */
  async digest(
    segments: readonly Segment[],
    algorithms: readonly ChecksumAlgorithm[],
  ): Promise<FinishedDigests> {
    const digests = new Digests(algorithms);
    const buffer = Buffer.allocUnsafe(READ_CHUNK_BYTES);
    for (const { file, offset, length } of segments) {
      const handle = await open(join(this.#directory, file), 'r');
      try {
        for (let done = 0; done < length; ) {
          const wanted = Math.min(buffer.length, length - done);
          const { bytesRead } = await handle.read(buffer, 0, wanted, offset + done);
          if (bytesRead === 0) throw new Error(`${file} ends ${length - done} bytes too early`);
          digests.update(buffer.subarray(0, bytesRead));
          done += bytesRead;
        }
      } finally {
        await handle.close();
      }
    }
    return await digests.finish();
  }

  async *#pieces(segments: readonly Segment[]): AsyncGenerator<Buffer, undefined> {
    for (const { file, offset, length } of segments) {
      if (length === 0) continue;
      yield* createReadStream(join(this.#directory, file), {
        start: offset,
        end: offset + length - 1,
        highWaterMark: READ_CHUNK_BYTES,
      });
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await handle.write(bytes, at)).bytesWritten;
}

/** The runs that make up a range of the bytes that `segments` make up. */
export function sliceSegments(segments: readonly Segment[], range: ByteRange): Segment[] {
  const slices: Segment[] = [];
  let start = 0;
  for (const { file, offset, length } of segments) {
    const from = Math.max(range.first, start);
    const to = Math.min(range.last + 1, start + length);
    if (from < to) slices.push({ file, offset: offset + from - start, length: to - from });
    start += length;
  }
  return slices;
}
