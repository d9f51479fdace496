import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';

/**
 * Work of one's own on each accepted upload: here its SHA-256, into the log. It may run more than once for one upload, so the
 * effect is one that does no harm twice; `context.idempotencyKey` is the same each time.
 */
export async function handleUpload(upload, context) {
  const hash = createHash('sha256');
  const { body } = await upload.open();
  await pipeline(body, hash, { signal: context.signal });
  context.log.info({ sha256: hash.digest('hex') }, 'hashed');
}
