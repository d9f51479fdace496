import type { Handler } from '../handler.ts';

/** The handler that ships: it says what arrived, and how long it took from S3 to here. */
export const handleUpload: Handler = async (upload, { log }) => {
  const { bucket, key, sizeBytes } = upload;
  const leadTimeMs = Math.max(0, Date.now() - upload.storedAt.getTime());
  log.info({ bucket, key, sizeBytes, leadTimeMs }, 'upload processed');
};
