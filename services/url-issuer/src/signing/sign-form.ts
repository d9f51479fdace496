import type { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';

/** A form as clients know it: post `fields`, then `file`, as multipart/form-data to `url`; success is a 204. */
export interface Form {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface SignedForm {
  readonly form: Form;
  /** The expiration that stands in the signed policy, and therefore the one that S3 goes by. */
  readonly expiresAt: Date;
}

/** Signs a form for exactly this key. @throws CredentialsEndTooSoon */
export type SignForm = (key: string) => Promise<SignedForm>;

/** The form would stop working before its own expiration, when the credentials that signed it end. */
export class CredentialsEndTooSoon extends Error {
  readonly code = 'CredentialsEndTooSoon';
}

export interface FormSignerOptions {
  /** Only its configuration is used: endpoint, region, path style, credentials. It sends nothing. */
  readonly client: S3Client;
  readonly bucket: string;
  /** 1 to 604,800. The policy knows whole seconds, rounded down: a form lives up to one second less. */
  readonly lifetimeSeconds: number;
  /** The largest file that S3 takes with the form; a file of 0 bytes is one as well. */
  readonly maxBytes: number;
  readonly now: () => Date;
}

/**
 * Signs presigned POST forms ("Browser-Based Uploads Using POST (AWS Signature Version 4)" in Amazon S3's API Reference).
 * The policy fixes the bucket, the whole key, the size range and the expiration.
 */
export function createFormSigner(options: FormSignerOptions): SignForm {
  const { client, bucket, lifetimeSeconds, maxBytes, now } = options;
  return async (key) => {
    // Asked for once, so that the credentials whose end is checked are the ones that sign, whatever is renewed between.
    const credentials = await client.config.credentials();
    const systemClockOffset = now().getTime() - Date.now();
    const signing = { config: { ...client.config, credentials: async () => credentials, systemClockOffset } };

    const post = await createPresignedPost(signing as unknown as S3Client, {
      Bucket: bucket,
      Key: key,
      Conditions: [['content-length-range', 0, maxBytes]],
      Expires: lifetimeSeconds,
    });
    const fields = fieldsAsClientsKnowThem(post.fields);
    const expiresAt = expirationOf(fields);
    if (credentials.expiration && credentials.expiration < expiresAt) {
      throw new CredentialsEndTooSoon(
        `The credentials that sign end at ${credentials.expiration.toISOString()}, before the form would at ` +
          `${expiresAt.toISOString()}: FORM_LIFETIME_SECONDS must be shorter than the credentials live`,
      );
    }
    return { form: { url: post.url, fields }, expiresAt };
  };
}

/**
 * Existing clients know the names in small letters and no field `bucket` (the policy's condition on it is held against the URL).
 * S3 does not tell field names apart by case: its documentation's own example signs `x-amz-date` and posts `X-Amz-Date`.
 */
function fieldsAsClientsKnowThem(fields: Record<string, string>): Record<string, string> {
  const { bucket: _, key = '', ...others } = fields;
  const small = Object.entries(others).map(([name, value]) => [name.toLowerCase(), value]);
  return { key, ...Object.fromEntries(small) };
}

function expirationOf(fields: Record<string, string>): Date {
  const policy = JSON.parse(Buffer.from(fields['policy'] ?? '', 'base64').toString('utf8'));
  return new Date(policy.expiration);
}
