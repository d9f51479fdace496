import { createCipheriv, createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Content } from '../content.ts';

const CHUNK_BYTES = 256 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);
const NO_IV = Buffer.alloc(16);

/** As S3 describes what comes with a form that says nothing of it. */
const DESCRIPTION = { contentType: 'binary/octet-stream', metadata: {}, tagging: '' } as const;

/** Bytes that need not be kept: they can be generated again, and their hashes distinguish them from all others. */
export interface GeneratedContent extends Content {
  read(): AsyncIterable<Uint8Array>;
}

/** The content of this name: the same bytes for the same name and size, others for any other. */
export async function makeContent(name: string, sizeBytes: number): Promise<GeneratedContent> {
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  for (const chunk of bytesOf(name, sizeBytes)) {
    sha256.update(chunk);
    md5.update(chunk);
    // 64 MiB take a third of a second, in which every other upload would stand still.
    await nextTurn();
  }
  return {
    sizeBytes,
    sha256: sha256.digest('hex'),
    md5: md5.digest('hex'),
    ...DESCRIPTION,
    async *read() {
      yield* bytesOf(name, sizeBytes);
    },
  };
}

/** The key stream of a cipher whose key is the name: no faster way to bytes that are nowhere alike. */
function* bytesOf(name: string, sizeBytes: number): Generator<Uint8Array> {
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(name).digest(), NO_IV);
  for (let left = sizeBytes; left > 0; left -= CHUNK_BYTES) yield cipher.update(ZEROS.subarray(0, left));
}
