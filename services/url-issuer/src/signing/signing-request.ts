import type { S3Client } from '@aws-sdk/client-s3';
import type { NewUpload } from '@upload-once/uploads';

/** What of an upload is signed into its form or URL; `issuedAt` is the date of the signature. */
export type SignedTerms = Pick<NewUpload, 'key' | 'issuedAt' | 'constraints' | 'metadata'>;

/** What form and URL are made of, once the credentials are known. */
export interface SigningRequest extends SignedTerms {
  readonly identity: Awaited<ReturnType<S3Client['config']['credentials']>>;
  readonly expiresAt: Date;
}
