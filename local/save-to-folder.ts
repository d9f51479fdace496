import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Handler } from '@upload-once/processor';

/**
 * The handler of `make demo` and `make dev`: it writes each accepted file into a folder. Written twice it is the
 * same file with the same bytes, so that a second attempt does no harm.
 */
export const handleUpload: Handler = async (upload, { log, signal }) => {
  const folder = process.env.SAVE_TO_FOLDER ?? '.';
  await mkdir(folder, { recursive: true });
  const path = join(folder, upload.id);
  const { body } = await upload.open();
  await pipeline(body, createWriteStream(path), { signal });
  log.info({ path: relative('.', path), sizeBytes: upload.sizeBytes }, 'saved');
};
