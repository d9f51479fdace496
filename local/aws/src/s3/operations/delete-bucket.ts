import { answerEmpty } from '../answers.ts';
import type { Operation } from '../call.ts';

/**
 * Amazon S3 API Reference, "DeleteBucket": all versions and delete markers must be gone before. Unfinished uploads in parts
 * hinder only in a directory bucket.
 */
export const deleteBucket: Operation = async ({ bucket, response }, { storage }) => {
  await storage.deleteBucket(bucket);
  answerEmpty(response, 204);
};
