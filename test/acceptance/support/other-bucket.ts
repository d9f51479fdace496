import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { deployment, s3 } from './deployment.ts';

const BUCKET_NAME_MAX_CHARACTERS = 63;

/** A bucket beside the deployment's, of the same account. Created if it does not exist. */
export async function otherBucket(): Promise<string> {
  const name = `${deployment.bucket}-other`.slice(0, BUCKET_NAME_MAX_CHARACTERS);
  await s3.send(new CreateBucketCommand({ Bucket: name })).catch((error: Error) => {
    if (error.name !== 'BucketAlreadyOwnedByYou') throw error;
  });
  return name;
}
