import type { Operation } from '../call.ts';
import { respondEmpty } from '../responses.ts';

/** Amazon S3 API Reference, "HeadBucket". */
export const headBucket: Operation = async ({ bucket, response }, { storage, region }) => {
  storage.bucket(bucket);
  respondEmpty(response, 200, { 'x-amz-bucket-region': region });
};
