import { type LinkStore, type NewUpload, type Upload, UploadState } from '@upload-once/uploads';
import { HttpError, serviceUnavailable } from '../http-error.ts';
import { createIssueOnce, type IdempotentRequest, type IssueOnceOptions } from '../issuing/issue-once.ts';
import { type IssueContext, newUpload } from '../issuing/issue-upload.ts';
import type { RefusalReason } from '../refusal-reasons.ts';
import { expirationOf } from '../signing/signature-times.ts';
import { hashLinkSecret, LINK_SECRET_BYTES, linkSecretFrom } from './link-secret.ts';
import type { LinkRequest } from './read-link-body.ts';

/**
 * How long a form or URL is good that the page gets. It is signed when the person sends the file, so an upload only has to begin in this
 * time.
 */
export const LINK_SIGNATURE_SECONDS = 60;

export interface IssuedLink {
  /** Of the upload. */
  readonly key: string;
  readonly secret: string;
  readonly expiresAt: Date;
  /** Whether this request brought its upload into being. */
  readonly isNew: boolean;
}

/**
 * @throws HttpError 429 when the key has no more for today; 422 for an Idempotency-Key of another request; 409 when the link of this one
 *   was used or revoked, or has expired; 503 when the upload or the link cannot be recorded. Then no link leaves the service.
 */
export type IssueLink = (
  linkRequest: LinkRequest,
  context: IssueContext,
  request?: IdempotentRequest,
) => Promise<IssuedLink>;

const RANDOM_BYTES = 16;

/**
 * Makes links: each resolves once its upload and then the link itself are durable in the table. Cut short in between, it leaves an upload
 * that has no link. A repeat with the same Idempotency-Key finds that upload, and records a link with another secret.
 */
export function createLinkIssuer(options: IssueOnceOptions & { readonly linkStore: LinkStore }): IssueLink {
  const { uploadStore, linkStore, now, randomBytes } = options;
  const issueOnce = createIssueOnce(options);

  function plan({ uploadRequest }: LinkRequest, context: IssueContext): NewUpload {
    const issuedAt = now();
    const expiresAt = expirationOf(issuedAt, uploadRequest.lifetimeSeconds);
    const upload = newUpload(uploadRequest, context, {
      issuedAt,
      expiresAt,
      random: randomBytes(RANDOM_BYTES),
    });
    return { ...upload, signatureSeconds: LINK_SIGNATURE_SECONDS };
  }

  async function issue(linkRequest: LinkRequest, context: IssueContext, request?: IdempotentRequest) {
    if (request) return issueOnce(async () => plan(linkRequest, context), context.takeQuota, request);
    const upload = plan(linkRequest, context);
    await uploadStore.issue(upload, context.takeQuota);
    return { upload: { ...upload, state: UploadState.issued, attempt: 0 }, isNew: true };
  }

  async function recordLink(upload: Upload, { shown }: LinkRequest): Promise<string> {
    const { key, apiKeyId, issuedAt: createdAt, expiresAt } = upload;
    const secret = linkSecretFrom(randomBytes(LINK_SECRET_BYTES));
    const secretSha256 = hashLinkSecret(secret);
    await linkStore.record({ ...shown, key, apiKeyId, createdAt, expiresAt, secretSha256 });
    return secret;
  }

  return async (linkRequest, context, request) => {
    try {
      const { upload, isNew } = await issue(linkRequest, context, request);
      if (upload.state !== UploadState.issued || upload.expiresAt <= now()) throw linkOver(upload);
      const secret = await recordLink(upload, linkRequest);
      return { key: upload.key, secret, expiresAt: upload.expiresAt, isNew };
    } catch (error) {
      throw error instanceof HttpError ? error : serviceUnavailable(error);
    }
  };
}

/** Nothing can be sent by a link any more, and another secret would be of no use. */
function linkOver({ state }: Upload): HttpError {
  const [how, code] = HOW_OVER[state] ?? (['was used', 'LinkUsed'] as const);
  return new HttpError(
    409,
    `The link of this Idempotency-Key ${how}: a new link needs a new Idempotency-Key`,
    { code },
  );
}

const HOW_OVER: Partial<Record<UploadState, [how: string, code: RefusalReason]>> = {
  [UploadState.revoked]: ['was revoked', 'UploadRevoked'],
  [UploadState.issued]: ['has expired', 'LinkExpired'],
};
