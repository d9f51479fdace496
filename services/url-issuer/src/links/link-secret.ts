import { createHash, timingSafeEqual } from 'node:crypto';
import { uploadIdOf, uploadKeyOfId } from '@upload-once/uploads';

/** Nothing to guess: 256 random bits. */
export const LINK_SECRET_BYTES = 32;

/** 43 characters of base64url, with no dot among them. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** Amazon S3 User Guide, "Naming Amazon S3 objects"; DynamoDB would refuse a partition key beyond 2,048 bytes with an error. */
const KEY_MAX_BYTES = 1024;

/** What opens a link: which one, and the secret of it. */
export interface LinkToken {
  /** The upload's key. */
  readonly key: string;
  readonly secret: string;
}

export function linkSecretFrom(random: Uint8Array): string {
  return Buffer.from(random).toString('base64url');
}

/** SHA-256, 64 lower-case hexadecimal digits. */
export function hashLinkSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** `<id>.<secret>` as it stands in a link's URL, and in the header of the page's requests: the id is percent-encoded. */
export function writeLinkToken({ key, secret }: LinkToken): string {
  return `${encodeURIComponent(uploadIdOf(key))}.${secret}`;
}

/** The last dot divides. Undefined for what can be no token. */
export function readLinkToken(text: string): LinkToken | undefined {
  const at = text.lastIndexOf('.');
  const [id, secret] = [decoded(text.slice(0, Math.max(at, 0))), text.slice(at + 1)];
  if (id === undefined || id === '' || !SECRET.test(secret)) return undefined;
  const key = uploadKeyOfId(id);
  return Buffer.byteLength(key) > KEY_MAX_BYTES ? undefined : { key, secret };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** In constant time. Without a recorded hash, it takes as long and is false. */
export function opensLink(secret: string, recordedSha256: string | undefined): boolean {
  const presented = Buffer.from(hashLinkSecret(secret), 'hex');
  const recorded = Buffer.from(recordedSha256 ?? '00'.repeat(presented.length), 'hex');
  return (
    presented.length === recorded.length &&
    timingSafeEqual(presented, recorded) &&
    recordedSha256 !== undefined
  );
}
