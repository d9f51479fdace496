import { answerEmpty } from '../answers.ts';
import type { Operation } from '../call.ts';

/** Amazon S3 API Reference, "AbortMultipartUpload". */
export const abortMultipartUpload: Operation = async ({ bucket, key, query, response }, { storage }) => {
  storage.bucket(bucket);
  await storage.multipart.abort(bucket, key, query.get('uploadId') ?? '');
  answerEmpty(response, 204);
};
