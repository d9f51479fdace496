import { type NewUpload, UploadAlreadyIssued, UploadState } from '@upload-once/uploads';
import { HttpError, serviceUnavailable } from '../http-error.ts';
import { expirationOf } from '../signing/signature-times.ts';
import { createIssueOnce, type IdempotentRequest, type IssueOnceOptions } from './issue-once.ts';
import { type IssueContext, type IssuedUpload, newUpload, type UploadIssuerOptions } from './issue-upload.ts';
import type { UploadRequest } from './upload-request.ts';

/**
 * @throws HttpError 422 when the key came with another request before; 409 when its upload was revoked: nothing that a form would bring is
 *   accepted; 503 as `IssueUpload`
 */
export type IssueIdempotently = (
  uploadRequest: UploadRequest,
  context: IssueContext,
  request: IdempotentRequest,
) => Promise<IssuedUpload>;

export type IdempotentIssuerOptions = IssueOnceOptions & Pick<UploadIssuerOptions, 'signer'>;

const RANDOM_BYTES = 16;

/**
 * Issues at most one upload for an idempotency key: see `createIssueOnce`. A form is signed again each time from what the table holds, to
 * the byte as before while the credentials are the same.
 */
export function createIdempotentIssuer(options: IdempotentIssuerOptions): IssueIdempotently {
  const { signer, now, randomBytes } = options;
  const issueOnce = createIssueOnce(options);

  async function plan(uploadRequest: UploadRequest, context: IssueContext): Promise<NewUpload> {
    const issuedAt = now();
    const { expiresAt } = await signer.begin(expirationOf(issuedAt, uploadRequest.lifetimeSeconds));
    return newUpload(uploadRequest, context, { issuedAt, expiresAt, random: randomBytes(RANDOM_BYTES) });
  }

  return async (uploadRequest, context, request) => {
    try {
      const { upload, isNew } = await issueOnce(
        () => plan(uploadRequest, context),
        context.takeQuota,
        request,
      );
      if (upload.state === UploadState.revoked) throw uploadRevoked();
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

function uploadRevoked(): HttpError {
  return new HttpError(
    409,
    'The upload of this Idempotency-Key was revoked: whatever arrives for it is not accepted. A new upload needs a new Idempotency-Key',
    { code: 'UploadRevoked' },
  );
}
