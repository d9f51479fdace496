import type { IssuerAccess } from '@upload-once/client';
import {
  getUpload,
  IssuerUnavailable,
  RequestRefused,
  type UploadOutcomeUnknown,
  type UploadStatus,
} from '@upload-once/client';
import { withoutApiKey } from '@upload-once/text/hidden-secrets';
import { uploadIdIn } from '@upload-once/text/upload-id';

/** S3's events take seconds as a rule: so long the issuer is asked, after 1, 2, 4 and 8 seconds. */
const ASK_SECONDS = 15;

const NOT_SEEN =
  'The issuer has not received the file yet. S3 may still have stored it: S3’s event can take minutes, or be lost';

/** The states of an upload whose file has come (docs/design.md). Any other state proves nothing. */
export const STORED_STATES: readonly string[] = ['CLAIMED', 'ACCEPTED', 'PROCESSING', 'PROCESSED', 'FAILED'];

/** What the issuer knows of an upload whose outcome S3's response left open. */
export type KnownOutcome =
  | { readonly known: 'stored'; readonly status: UploadStatus }
  /** It was revoked: nothing that came or comes for it is accepted. */
  | { readonly known: 'revoked' }
  /** The upload that was claimed has another size: this one is a duplicate at most, and never accepted. */
  | { readonly known: 'other'; readonly sizeBytes: number }
  /** `why` completes a sentence of its own. */
  | { readonly known: 'nothing'; readonly why: string };

/**
 * Asks the issuer what became of an upload that was sent once, to its end, with a form of its own. Asks again for 15 seconds, because
 * S3's events take a moment; within them it asks again also where the issuer can't respond (`Retries`).
 *
 * @throws the signal's reason
 */
export async function askOutcome(
  access: IssuerAccess,
  upload: Pick<UploadOutcomeUnknown, 'key' | 'totalBytes'>,
  sleep: (seconds: number) => Promise<void>,
): Promise<KnownOutcome> {
  const id = uploadIdIn(upload.key);
  let leftSeconds = ASK_SECONDS;
  const wait = async (seconds: number) => {
    await sleep(seconds);
    leftSeconds -= seconds;
  };
  for (let pauseSeconds = 1; ; pauseSeconds *= 2) {
    try {
      const status = await getUpload({ ...access, retries: { maxSeconds: leftSeconds, sleep: wait } }, id);
      const known = outcomeOf(status, id, upload.totalBytes, access.apiKey);
      if (known) return known;
      if (leftSeconds === 0) return { known: 'nothing', why: NOT_SEEN };
    } catch (error) {
      if (!(error instanceof RequestRefused || error instanceof IssuerUnavailable)) throw error;
      return { known: 'nothing', why: `The issuer could not tell either: ${error.message}` };
    }
    await wait(Math.min(pauseSeconds, leftSeconds));
  }
}

/** @returns undefined while nothing has been seen of it */
function outcomeOf(
  status: UploadStatus,
  id: string,
  totalBytes: number,
  apiKey: string,
): KnownOutcome | undefined {
  const { state, sizeBytes } = status;
  if (status.id !== id || !['ISSUED', 'REVOKED', ...STORED_STATES].includes(state)) {
    const response = withoutApiKey(`id ${JSON.stringify(status.id)}, state ${JSON.stringify(state)}`, apiKey);
    return {
      known: 'nothing',
      why: `The issuer's response has another id, or a state that does not exist: ${response}`,
    };
  }
  if (state === 'ISSUED') return undefined;
  if (state === 'REVOKED') return { known: 'revoked' };
  if (sizeBytes === undefined || sizeBytes === totalBytes) return { known: 'stored', status };
  return { known: 'other', sizeBytes };
}
