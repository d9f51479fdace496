import type { Operation } from '../call.ts';
import { respondEmpty } from '../responses.ts';

/** Amazon S3 API Reference, "AbortMultipartUpload". */
export const abortMultipartUpload: Operation = async ({ bucket, key, query, response }, { storage }) => {
  storage.bucket(bucket);
  await storage.multipart.abort(bucket, key, query.get('uploadId') ?? '');
  respondEmpty(response, 204);
};
