import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Handler } from '@upload-once/processor';

/** The most bytes of a file's name on common file systems (Linux, "NAME_MAX"). An id can have 1,016. */
const MAX_NAME_BYTES = 255;

/**
 * The handler of `make demo` and `make dev`: it writes each accepted file into a folder. Written twice it is the
 * same file with the same bytes, so that a second attempt does no harm.
 */
export const handleUpload: Handler = async (upload, { log, signal, span }) => {
  const folder = process.env.SAVE_TO_FOLDER ?? '.';
  await mkdir(folder, { recursive: true });
  const path = join(folder, fileNameOf(upload.id));
  const { body } = await upload.open();
  await span('save', () => pipeline(body, createWriteStream(path), { signal }));
  log.info({ path: relative('.', path), sizeBytes: upload.sizeBytes }, 'saved');
};

/** The id, or its beginning and a hash of it where it is too long. */
function fileNameOf(id: string): string {
  const bytes = Buffer.from(id);
  if (bytes.length <= MAX_NAME_BYTES) return id;
  const end = `-${createHash('sha256').update(bytes).digest('hex')}`;
  // As a stream, a decoder leaves out a character that is cut off.
  return new TextDecoder().decode(bytes.subarray(0, MAX_NAME_BYTES - end.length), { stream: true }) + end;
}
