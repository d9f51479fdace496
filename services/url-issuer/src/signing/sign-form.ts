import { createHmac, type KeyObject } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { createSigningKeys } from '@upload-once/runtime';
import { metadataFields } from './metadata-fields.ts';
import { signatureTimes } from './signature-times.ts';
import type { SignedTerms, SigningRequest } from './signing-request.ts';

/** A form as clients know it: post `fields`, then `file`, as multipart/form-data to `url`; success is a 204. */
export interface SignedForm {
  readonly method: 'post';
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What all forms have that are signed with the same credentials in the same second. */
interface Signature {
  readonly identity: SigningRequest['identity'];
  readonly signedMs: number;
  readonly key: KeyObject;
  readonly conditions: readonly Record<string, string>[];
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Signs presigned POST forms ("Browser-Based Uploads Using POST (AWS Signature Version 4)" in Amazon S3's API Reference).
 * The policy fixes the bucket, the whole key, the size range, the expiration, and where they are given the content type,
 * the checksum and the metadata: S3 refuses a form with another value, without one of these fields, or with one more.
 *
 * A form is the same, to the byte, as `createPresignedPost` of the AWS SDK makes it (sign-form.test.ts), for less CPU (docs/performance.md, "One call"): the
 * SDK finds out for each form what is the same for all of a day.
 */
export function createFormSigner(options: { readonly client: S3Client; readonly bucket: string }) {
  const { client, bucket } = options;
  const signingKeyOf = createSigningKeys();
  let endpoint: Promise<{ readonly url: string; readonly region: string }> | undefined;
  let last: Signature | undefined;

  async function findEndpoint() {
    const { url } = await getEndpointFromInstructions({ Bucket: bucket, Key: 'any' }, PutObjectCommand, {
      ...client.config,
    });
    return { url: url.href, region: await client.config.region() };
  }

  function signatureOf(identity: SigningRequest['identity'], signedAt: Date, region: string): Signature {
    if (last?.identity === identity && last.signedMs === signedAt.getTime()) return last;
    const date = withoutMarks(isoSecond(signedAt));
    const day = date.slice(0, 8);
    const fields = {
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${identity.accessKeyId}/${day}/${region}/s3/aws4_request`,
      'X-Amz-Date': date,
      ...(identity.sessionToken && { 'X-Amz-Security-Token': identity.sessionToken }),
    };
    last = {
      identity,
      signedMs: signedAt.getTime(),
      key: signingKeyOf(identity.secretAccessKey, day, region, 's3'),
      conditions: exactly(fields),
      fields: inKnownLetters(fields),
    };
    return last;
  }

  return async (toSign: SigningRequest): Promise<SignedForm> => {
    const { key, constraints, identity } = toSign;
    endpoint ??= findEndpoint().catch((error) => {
      endpoint = undefined;
      throw error;
    });
    const { url, region } = await endpoint;
    const { signedAt, lifetimeSeconds } = signatureTimes(toSign);
    const signature = signatureOf(identity, signedAt, region);
    const asked = signedFields(toSign);
    const policy = encoded({
      expiration: isoSecond(new Date(signedAt.getTime() + lifetimeSeconds * 1000)),
      conditions: [
        ['content-length-range', constraints.minBytes, constraints.maxBytes],
        ...exactly(asked),
        { bucket },
        ...signature.conditions,
        { key },
      ],
    });
    return {
      method: 'post',
      url,
      fields: {
        key,
        ...inKnownLetters(asked),
        ...signature.fields,
        policy,
        'x-amz-signature': createHmac('sha256', signature.key).update(policy).digest('hex'),
      },
    };
  };
}

/** A condition for each field: that it has just this value. */
function exactly(fields: Readonly<Record<string, string>>): Record<string, string>[] {
  return Object.entries(fields).map(([name, value]) => ({ [name]: value }));
}

function encoded(policy: object): string {
  return Buffer.from(JSON.stringify(policy)).toString('base64');
}

/** `2025-03-04T05:06:07Z`. */
function isoSecond(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

function withoutMarks(isoTime: string): string {
  return isoTime.replaceAll(/[-:]/g, '');
}

/** What was asked for, beside the key and the size: Amazon S3 API Reference, "POST Object", "Form fields". */
export function signedFields(terms: Pick<SignedTerms, 'constraints' | 'metadata'>): Record<string, string> {
  const { constraints } = terms;
  const { successStatus, successRedirect } = constraints;
  return {
    ...(constraints.contentType !== undefined && { 'Content-Type': constraints.contentType }),
    ...(constraints.sha256 !== undefined && {
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amz-checksum-sha256': constraints.sha256,
    }),
    ...metadataFields(terms),
    ...(successStatus !== undefined && { success_action_status: String(successStatus) }),
    ...(successRedirect !== undefined && { success_action_redirect: successRedirect }),
  };
}

/**
 * Existing clients know the names of the signature's fields in small letters and no field `bucket` (the policy's condition on it is
 * held against the URL). S3 does not distinguish field names by case: its documentation's own example signs `x-amz-date` and posts
 * `X-Amz-Date`. What stands in for S3 does: so `Content-Type` stays as the API Reference writes it.
 */
function inKnownLetters(fields: Readonly<Record<string, string>>): Record<string, string> {
  const known = Object.entries(fields).map(([name, value]) => [
    name === 'Content-Type' ? name : name.toLowerCase(),
    value,
  ]);
  return Object.fromEntries(known);
}
