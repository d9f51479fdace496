import { createHmac } from 'node:crypto';
import { EXAMPLE_CREDENTIAL } from '../../src/defaults.ts';

export const REGION = 'us-east-1';

export interface FormOrder {
  /** The policy document; a string is taken as the policy field itself. */
  readonly policy: string | object;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly region?: string;
  /** `YYYYMMDDTHHmmssZ`. */
  readonly date?: string;
}

/** The signing fields for any policy, good or bad, as "Authenticating Requests in Browser-Based Uploads" has them. */
export function signForm({
  policy,
  accessKeyId = EXAMPLE_CREDENTIAL.accessKeyId,
  secretAccessKey = EXAMPLE_CREDENTIAL.secretAccessKey,
  region = REGION,
  date = amzDate(new Date()),
}: FormOrder): Record<string, string> {
  const encoded =
    typeof policy === 'string' ? policy : Buffer.from(JSON.stringify(policy)).toString('base64');
  const day = date.slice(0, 8);
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const scoped = hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), 's3');
  return {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKeyId}/${day}/${region}/s3/aws4_request`,
    'x-amz-date': date,
    policy: encoded,
    'x-amz-signature': hmac(hmac(scoped, 'aws4_request'), encoded).toString('hex'),
  };
}

export function amzDate(date: Date): string {
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/** Conditions that the signing fields and the bucket need, whatever else a policy asks. */
export function basicConditions(bucket: string): unknown[] {
  return [
    { bucket },
    ['starts-with', '$x-amz-algorithm', ''],
    ['starts-with', '$x-amz-credential', ''],
    ['starts-with', '$x-amz-date', ''],
  ];
}
