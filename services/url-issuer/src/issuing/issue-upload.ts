import {
  type IssuedUploads,
  makeUploadKey,
  type NewUpload,
  TableBusy,
  UploadState,
} from '@upload-once/uploads';
import { HttpError, serviceUnavailable } from '../http-error.ts';
import { expirationOf } from '../signing/signature-times.ts';
import type { SignedUpload, UploadSigner } from '../signing/upload-signer.ts';
import type { UploadRequest } from './upload-request.ts';

export interface UploadIssuerOptions {
  readonly issuedUploads: IssuedUploads;
  readonly signer: UploadSigner;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Who asks, and as part of what. */
export interface IssueContext {
  readonly apiKeyId: string;
  readonly traceparent: string;
  /** Called when an upload is ready to be recorded, and before it is; perhaps more than once for the same. @throws HttpError when the key may have no more */
  readonly takeQuota: () => Promise<void>;
}

export interface IssuedUpload {
  readonly key: string;
  /** ISSUED, unless this is the response to a request that had one before. */
  readonly state: UploadState;
  readonly signed: SignedUpload;
  /** What stands in the signature, and therefore what S3 goes by. */
  readonly expiresAt: Date;
  /** Whether this request brought it into being. */
  readonly isNew: boolean;
}

/**
 * @throws HttpError 429 when the key has no more for today; 503 when the upload cannot be recorded or its form not be signed.
 *   Then no form leaves the service.
 */
export type IssueUpload = (uploadRequest: UploadRequest, context: IssueContext) => Promise<IssuedUpload>;

const RANDOM_BYTES = 16;
const ATTEMPTS = 2;

/** Issues uploads: each resolves once the upload is durable in the table, with what is good for its key alone. */
export function createUploadIssuer(options: UploadIssuerOptions): IssueUpload {
  const { issuedUploads, signer, now, randomBytes } = options;

  /** @throws HttpError 503 */
  async function prepare(uploadRequest: UploadRequest, context: IssueContext) {
    const issuedAt = now();
    try {
      const signing = await signer.begin(expirationOf(issuedAt, uploadRequest.lifetimeSeconds));
      const random = randomBytes(RANDOM_BYTES);
      const { expiresAt } = signing;
      const upload = newUpload(uploadRequest, context, { issuedAt, expiresAt, random });
      return { upload, signed: await signing.sign(upload) };
    } catch (error) {
      throw serviceUnavailable(error);
    }
  }

  return async (uploadRequest, context) => {
    for (let attempt = 1; ; attempt += 1) {
      const { upload, signed } = await prepare(uploadRequest, context);
      const { key, expiresAt } = upload;
      try {
        await issuedUploads.record(upload, context.takeQuota);
        return { key, state: UploadState.issued, signed, expiresAt, isNew: true };
      } catch (error) {
        if (error instanceof HttpError) throw error;
        // The item may be there all the same: the next attempt has a key of its own. It would not help where the table is busy.
        if (attempt === ATTEMPTS || error instanceof TableBusy) throw serviceUnavailable(error);
      }
    }
  };
}

/** An upload that is not recorded yet. */
export function newUpload(
  uploadRequest: UploadRequest,
  context: IssueContext,
  made: { readonly issuedAt: Date; readonly expiresAt: Date; readonly random: Uint8Array },
): NewUpload {
  const { issuedAt, expiresAt, random } = made;
  return {
    key: makeUploadKey(uploadRequest.namePart, issuedAt, random, uploadRequest),
    apiKeyId: context.apiKeyId,
    issuedAt,
    expiresAt,
    constraints: uploadRequest.constraints,
    metadata: uploadRequest.metadata,
    traceparent: context.traceparent,
  };
}
