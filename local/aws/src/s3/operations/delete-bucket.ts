import type { Operation } from '../call.ts';
import { respondEmpty } from '../responses.ts';

/**
 * Amazon S3 API Reference, "DeleteBucket": all versions and delete markers must be gone before. Unfinished uploads in parts
 * hinder only in a directory bucket.
 */
export const deleteBucket: Operation = async ({ bucket, response }, { storage }) => {
  await storage.deleteBucket(bucket);
  respondEmpty(response, 204);
};
