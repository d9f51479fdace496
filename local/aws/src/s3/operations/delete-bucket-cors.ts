import type { Operation } from '../call.ts';
import { respondEmpty } from '../responses.ts';

/** Amazon S3 API Reference, "DeleteBucketCors". A bucket without rules is no error. */
export const deleteBucketCors: Operation = async ({ bucket, response }, { storage }) => {
  await storage.configure(bucket, { corsRules: [] });
  respondEmpty(response, 204);
};
