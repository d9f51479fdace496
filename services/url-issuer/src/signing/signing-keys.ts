import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/**
 * The key that signs for S3 in one region on one day ("Signature Calculations for the Authorization Header", Amazon S3 API Reference).
 * The last one is kept: it changes at midnight (UTC), and when the credentials do. As a `KeyObject` it signs six times as fast as as bytes.
 */
export function createSigningKeys(): (secretAccessKey: string, day: string, region: string) => KeyObject {
  let last: { readonly of: string; readonly key: KeyObject } | undefined;
  return (secretAccessKey, day, region) => {
    const of = `${secretAccessKey} ${day} ${region}`;
    if (last?.of !== of) {
      const steps = [day, region, 's3', 'aws4_request'];
      const key = createSecretKey(steps.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`)));
      last = { of, key };
    }
    return last.key;
  };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
