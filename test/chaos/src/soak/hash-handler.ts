import { createHash } from 'node:crypto';
import type { Handler } from '@upload-once/processor';

/** The processor's handler in a soak: it reads the whole upload, and says what it has read. */
export const handleUpload: Handler = async (upload, { attempt, log }) => {
  const { body, sizeBytes } = await upload.open();
  const sha256 = createHash('sha256');
  for await (const chunk of body) sha256.update(chunk);
  log.info({ attempt, sizeBytes, sha256: sha256.digest('hex') }, 'soak: handled');
};
