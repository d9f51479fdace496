import type { IdempotencyKey, IdempotencyRecord, IdempotencyStore } from '@upload-once/access';
import { type NewUpload, type Upload, UploadAlreadyIssued, UploadState } from '@upload-once/uploads';
import { HttpError, serviceUnavailable } from '../http-error.ts';
import { expirationOf } from '../signing/signature-times.ts';
import { type IssueContext, type IssuedUpload, newUpload, type UploadIssuerOptions } from './issue-upload.ts';
import type { UploadOrder } from './upload-order.ts';

/** A request with an `Idempotency-Key`. */
export interface IdempotentRequest {
  readonly key: IdempotencyKey;
  /** See `requestSha256Of`. */
  readonly requestSha256: string;
}

/** @throws HttpError 422 when the key came with another request before; 503 as `IssueUpload` */
export type IssueIdempotently = (
  order: UploadOrder,
  context: IssueContext,
  request: IdempotentRequest,
) => Promise<IssuedUpload>;

const RANDOM_BYTES = 16;
const ATTEMPTS = 3;

/**
 * Issues at most one upload for an idempotency key, however often the request comes, also at the same time, and wherever an
 * earlier attempt was cut short. First it is recorded which upload the request is going to come to, and when it is issued;
 * whoever comes later does what is left to be done for that upload, which is the same write under the same condition.
 * So nobody waits for anybody, and there is no lock that a crash could leave behind. Its form is signed again each time
 * from what the table holds, to the byte as before while the credentials are the same.
 */
export function createIdempotentIssuer(
  options: UploadIssuerOptions & { readonly idempotencyStore: IdempotencyStore },
): IssueIdempotently {
  const { uploadStore, idempotencyStore, signer, now, randomBytes } = options;

  async function plan(order: UploadOrder, context: IssueContext): Promise<NewUpload> {
    const issuedAt = now();
    const { expiresAt } = await signer.begin(expirationOf(issuedAt, order.lifetimeSeconds));
    return newUpload(order, context, { issuedAt, expiresAt, random: randomBytes(RANDOM_BYTES) });
  }

  /** The upload that the record names, issued now if it was not before; `isNew` for whoever did, and takes of the quota for it. */
  async function issueRecorded(
    wanted: NewUpload,
    takeQuota: () => Promise<void>,
  ): Promise<{ upload: Upload; isNew: boolean }> {
    try {
      await takeQuota();
      await uploadStore.issue(wanted);
      return { upload: { ...wanted, state: UploadState.issued, attempt: 0 }, isNew: true };
    } catch (error) {
      if (!(error instanceof UploadAlreadyIssued)) throw error;
      const upload = await uploadStore.get(wanted.key);
      if (!upload || !isSame(upload, wanted)) throw error;
      return { upload, isNew: false };
    }
  }

  async function issue(order: UploadOrder, context: IssueContext, request: IdempotentRequest) {
    let replacing: string | undefined;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const planned = await plan(order, context);
      const record = await idempotencyStore.reserve(request.key, recordOf(planned, request), replacing);
      if (record.requestSha256 !== request.requestSha256) throw keyUsedOtherwise();
      if (record.uploadKey === planned.key) return await issueRecorded(planned, context.takeQuota);
      const { uploadKey: key, issuedAt, expiresAt } = record;
      const wanted = { ...planned, key, issuedAt, expiresAt };
      const standing = await uploadStore.get(key);
      if (standing && isSame(standing, wanted)) return { upload: standing, isNew: false };
      // Cut short before anything was issued, and by now its form would be worth nothing: then it is made anew.
      if (!standing && isPast(expiresAt)) {
        replacing = key;
        continue;
      }
      return await issueRecorded(wanted, context.takeQuota);
    }
    throw new Error(`the record of an idempotency key was another one in each of ${ATTEMPTS} attempts`);
  }

  function isPast(time: Date): boolean {
    return time.getTime() <= now().getTime();
  }

  return async (order, context, request) => {
    try {
      const { upload, isNew } = await issue(order, context, request);
      // Signed from what the table holds: another release may have filled in other defaults.
      const signing = await signer.begin(upload.expiresAt);
      const signed = await signing.sign(upload);
      return { key: upload.key, state: upload.state, signed, expiresAt: signing.expiresAt, isNew };
    } catch (error) {
      throw error instanceof HttpError || error instanceof UploadAlreadyIssued
        ? error
        : serviceUnavailable(error);
    }
  };
}

function recordOf(upload: NewUpload, { requestSha256 }: IdempotentRequest): IdempotencyRecord {
  const { key, issuedAt, expiresAt } = upload;
  return { requestSha256, uploadKey: key, issuedAt, expiresAt };
}

function keyUsedOtherwise(): HttpError {
  return new HttpError(
    422,
    'This Idempotency-Key came with another body before: a new request needs a new key',
    { code: 'IdempotencyKeyReused' },
  );
}

function isSame(upload: Upload, wanted: NewUpload): boolean {
  return upload.apiKeyId === wanted.apiKeyId && upload.issuedAt.getTime() === wanted.issuedAt.getTime();
}
