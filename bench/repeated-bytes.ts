import { randomBytes } from 'node:crypto';

const CHUNK = randomBytes(256 * 1024);

/** So many bytes out of memory, the same chunk again and again: no disk is read, so that only the way to S3 is measured. */
export async function* repeatedBytes(sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, left);
}
