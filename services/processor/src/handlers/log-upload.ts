import type { Handler } from '../handler.ts';

/** The handler that ships: it says what arrived, and how long it took from S3 to here. Each of its lines has the upload's id. */
export const handleUpload: Handler = async (upload, { log }) => {
  const { sizeBytes } = upload;
  const leadTimeMs = Math.max(0, Date.now() - upload.storedAt.getTime());
  log.info({ sizeBytes, leadTimeMs }, 'upload processed');
};
