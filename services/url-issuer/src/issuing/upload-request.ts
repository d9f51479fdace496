import type { ApiKey } from '@upload-once/access';
import type { Constraints, KeyForm } from '@upload-once/uploads';

/** One upload as it is asked for, with every default filled in and within what the key may ask for. */
export interface UploadRequest extends KeyForm {
  /** See `makeUploadKey`. */
  readonly namePart: string;
  readonly constraints: Constraints;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lifetimeSeconds: number;
}

/** What the installation allows, and what it fills in. */
export interface UploadDefaults {
  readonly namePart: string;
  /** Whether keys begin with a shard: see `KeyForm`. */
  readonly shardedKeys: boolean;
  /** The largest upload. */
  readonly maxBytes: number;
  /** How long a form is good where nothing else is asked for. */
  readonly lifetimeSeconds: number;
  /** The longest that may be asked for. */
  readonly lifetimeMaxSeconds: number;
  /** Whether the bucket takes presigned PUTs. */
  readonly presignedPut: boolean;
  /** Web origins to which S3 may send the browser of a form. */
  readonly redirectOrigins: readonly string[];
}

/** Who asks. */
export type UploadRequester = Pick<ApiKey, 'keyId' | 'allowedContentTypes' | 'maxBytes'>;

/** The largest upload that this key can ask for. */
export function maxBytesFor(requester: UploadRequester, defaults: UploadDefaults): number {
  return Math.min(defaults.maxBytes, requester.maxBytes ?? Number.POSITIVE_INFINITY);
}
