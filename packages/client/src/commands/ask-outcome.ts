import { IssuerUnavailable, RequestRefused, type UploadOutcomeUnknown } from '../errors.ts';
import type { IssuerAccess } from '../issuer-request.ts';
import { getUpload, type UploadStatus } from '../uploads-v1.ts';

/** S3's events are here within seconds mostly: so long the issuer is asked again. */
const WAITS_SECONDS = [1, 2, 4, 8];

/** The states of an upload whose file has come (docs/design.md). Of any other state nothing is known. */
const STORED_STATES: readonly string[] = ['CLAIMED', 'ACCEPTED', 'PROCESSING', 'PROCESSED', 'FAILED'];

/** What the issuer knows of an upload whose outcome S3's answer left open. */
export type KnownOutcome =
  | { readonly known: 'stored'; readonly status: UploadStatus }
  /** It was revoked: nothing that came or comes for it is accepted. */
  | { readonly known: 'revoked'; readonly status: UploadStatus }
  /** `why` completes a sentence of its own. */
  | { readonly known: 'nothing'; readonly why: string };

/**
 * Asks the issuer what became of an upload that was sent once, with a form of its own. Asks again for 15 seconds if all of it was sent,
 * because S3's events take a moment.
 *
 * @throws the signal's reason
 */
export async function askOutcome(
  access: IssuerAccess,
  upload: Pick<UploadOutcomeUnknown, 'key' | 'totalBytes' | 'everythingSent'>,
  sleep: (seconds: number) => Promise<void>,
): Promise<KnownOutcome> {
  const id = upload.key.replace(/^uploads\//, '');
  for (const waitSeconds of [...(upload.everythingSent ? WAITS_SECONDS : []), undefined]) {
    let status: UploadStatus;
    try {
      status = await getUpload(access, id);
    } catch (error) {
      if (!(error instanceof RequestRefused || error instanceof IssuerUnavailable)) throw error;
      return { known: 'nothing', why: `The issuer could not tell either: ${error.message}` };
    }
    const isKnown = ['ISSUED', 'REVOKED', ...STORED_STATES].includes(status.state);
    if (status.id !== id || !isKnown) {
      const answer = `id ${JSON.stringify(status.id)}, state ${JSON.stringify(status.state)}`;
      return { known: 'nothing', why: `The issuer's answer is none about this upload: ${answer}` };
    }
    if (status.state === 'REVOKED') return { known: 'revoked', status };
    if (status.state !== 'ISSUED') {
      if (status.sizeBytes === undefined || status.sizeBytes === upload.totalBytes)
        return { known: 'stored', status };
      return {
        known: 'nothing',
        why: `The issuer has an upload of ${status.sizeBytes} bytes under this key, this one has ${upload.totalBytes}: something else was uploaded there`,
      };
    }
    if (waitSeconds !== undefined) await sleep(waitSeconds);
  }
  return {
    known: 'nothing',
    why: 'The issuer has not seen it yet. That proves nothing: an event of S3 can take minutes',
  };
}
