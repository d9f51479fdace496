import type { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { signatureTimes } from './signature-times.ts';
import type { SignedTerms, SigningRequest } from './signing-request.ts';

/** A form as clients know it: post `fields`, then `file`, as multipart/form-data to `url`; success is a 204. */
export interface SignedForm {
  readonly method: 'post';
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Signs presigned POST forms ("Browser-Based Uploads Using POST (AWS Signature Version 4)" in Amazon S3's API Reference).
 * The policy fixes the bucket, the whole key, the size range, the expiration, and where they are given the content type,
 * the checksum and the metadata: S3 refuses a form with another value, without one of these fields, or with one more.
 */
export function createFormSigner(options: { readonly client: S3Client; readonly bucket: string }) {
  const { client, bucket } = options;
  return async (toSign: SigningRequest): Promise<SignedForm> => {
    const { key, constraints, identity } = toSign;
    const { signedAt, lifetimeSeconds } = signatureTimes(toSign);
    const signing = {
      config: {
        ...client.config,
        credentials: async () => identity,
        systemClockOffset: signedAt.getTime() - Date.now(),
      },
    };
    const post = await createPresignedPost(signing as unknown as S3Client, {
      Bucket: bucket,
      Key: key,
      Conditions: [['content-length-range', constraints.minBytes, constraints.maxBytes]],
      // A condition that its field has just this value comes with each.
      Fields: signedFields(toSign),
      Expires: lifetimeSeconds,
    });
    return { method: 'post', url: post.url, fields: fieldsAsClientsKnowThem(post.fields) };
  };
}

/** What was asked for, beside the key and the size: Amazon S3 API Reference, "POST Object", "Form fields". */
export function signedFields({
  constraints,
  metadata,
}: Pick<SignedTerms, 'constraints' | 'metadata'>): Record<string, string> {
  const named = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  return {
    ...(constraints.contentType !== undefined && { 'Content-Type': constraints.contentType }),
    ...(constraints.sha256 !== undefined && {
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amz-checksum-sha256': constraints.sha256,
    }),
    ...Object.fromEntries(named),
  };
}

/**
 * Existing clients know the names of the signature's fields in small letters and no field `bucket` (the policy's condition on it is
 * held against the URL). S3 does not distinguish field names by case: its documentation's own example signs `x-amz-date` and posts
 * `X-Amz-Date`. What stands in for S3 does: so `Content-Type` stays as the API Reference writes it.
 */
function fieldsAsClientsKnowThem(fields: Record<string, string>): Record<string, string> {
  const { bucket: _, key = '', ...others } = fields;
  const known = Object.entries(others).map(([name, value]) => [
    name === 'Content-Type' ? name : name.toLowerCase(),
    value,
  ]);
  return { key, ...Object.fromEntries(known) };
}
