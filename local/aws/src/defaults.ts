import type { Credential } from './s3/call.ts';

/** Obviously no one's. */
export const EXAMPLE_CREDENTIAL: Credential = {
  accessKeyId: 'LOCALAWSEXAMPLEKEYID',
  secretAccessKey: 'local-aws-example-secret-of-no-account',
};

export const DEFAULT_REGION = 'us-east-1';
