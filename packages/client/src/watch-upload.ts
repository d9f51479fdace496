import type { IssuerAccess } from './issuer-request.ts';
import { sleepByTimer } from './issuer-retries.ts';
import { getUpload, type UploadState, type UploadStatus, WAIT_MAX_SECONDS } from './uploads-v1.ts';

/** A redrive can follow FAILED, but nothing follows by itself. */
export const FINAL_STATES: readonly UploadState[] = ['PROCESSED', 'FAILED', 'REVOKED'];

/** An issuer that lets no more requests wait responds at once, and so does an earlier release. */
const LEAST_SECONDS_BETWEEN = 1;

/**
 * The states of an upload: the current one at once, then each other one when it comes, up to PROCESSED, FAILED or REVOKED. It can miss one
 * that lasts less than a second. It goes on as long as none of these comes, also after the form has expired: break the loop, or abort `signal`.
 *
 * @throws as `getUpload`
 */
export async function* watchUpload(
  access: IssuerAccess,
  id: string,
  nowMs: () => number = () => performance.now(),
): AsyncGenerator<UploadStatus, void, undefined> {
  const sleep = access.retries?.sleep ?? sleepByTimer;
  let knownState: UploadState | undefined;
  for (;;) {
    const askedMs = nowMs();
    const wait = knownState && { waitSeconds: WAIT_MAX_SECONDS, knownState };
    const status = await getUpload(access, id, wait);
    if (status.state !== knownState) yield status;
    knownState = status.state;
    if (FINAL_STATES.includes(knownState)) return;
    const restSeconds = LEAST_SECONDS_BETWEEN - (nowMs() - askedMs) / 1000;
    if (wait && restSeconds > 0) await sleep(restSeconds, access.signal);
  }
}
