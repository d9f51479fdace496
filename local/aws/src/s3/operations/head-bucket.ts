import { answerEmpty } from '../answers.ts';
import type { Operation } from '../call.ts';

/** Amazon S3 API Reference, "HeadBucket". */
export const headBucket: Operation = async ({ bucket, response }, { storage, region }) => {
  storage.bucket(bucket);
  answerEmpty(response, 200, { 'x-amz-bucket-region': region });
};
