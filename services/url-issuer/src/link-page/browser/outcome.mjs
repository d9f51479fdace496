import { delay } from './dom.mjs';
import { ServiceError, viewLink } from './service.mjs';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
/** An event of S3 takes a second or two. */
const UNSURE_MS = 6_000;
const SLOW_MS = 120_000;
/** A late event is seldom, and each question reads the table. */
const LONGEST_WATCH_PAUSE_MS = 600_000;

/** Nothing changes in these. */
const FINAL = ['received', 'failed', 'revoked'];

/**
 * Asks what became of a link: until a file was received, if S3 has stored one, whosever it is; else for some seconds.
 * @param {string} token
 * @param {boolean} isStored
 * @param {() => void} onSlow
 * @returns {Promise<import('./service.mjs').View | undefined>} undefined: the service could not be reached
 */
export async function findOutcome(token, isStored, onSlow) {
  const begin = Date.now();
  let pauseMs = FIRST_PAUSE_MS;
  let isSlow = false;
  for (;;) {
    const view = await viewLink(token).catch((error) => {
      if (!(error instanceof ServiceError) || error.kind === 'unknown') throw error;
      pauseMs = Math.max(pauseMs, error.waitSeconds * 1000);
      return undefined;
    });
    if (view && FINAL.includes(view.state)) return view;
    const passedMs = Date.now() - begin;
    if (!isStored && passedMs >= UNSURE_MS) return view;
    if (isStored && passedMs >= SLOW_MS && !isSlow) {
      isSlow = true;
      onSlow();
    }
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
  }
}

/**
 * Goes on asking, after `findOutcome` found nothing: a file can be stored, and its event be late. It asks ever more seldom until something
 * is final, and not while no one sees the page.
 * @param {string} token
 * @param {AbortSignal} signal the person has begun something else
 * @returns {Promise<import('./service.mjs').View | undefined>} undefined: it was ended by the signal
 * @throws {ServiceError} the link opens nothing any more
 */
export async function watch(token, signal) {
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    await delay(pauseMs);
    await untilVisible();
    if (signal.aborted) return undefined;
    const view = await viewLink(token).catch((error) => {
      if (!(error instanceof ServiceError) || error.kind === 'unknown') throw error;
      pauseMs = Math.max(pauseMs, error.waitSeconds * 1000);
      return undefined;
    });
    if (signal.aborted) return undefined;
    if (view && FINAL.includes(view.state)) return view;
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_WATCH_PAUSE_MS);
  }
}

async function untilVisible() {
  while (document.visibilityState !== 'visible')
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
}

/**
 * What this page sent, and S3's response.
 * @typedef {object} Attempt
 * @property {File} file
 * @property {number} status 0: none came
 * @property {string | null} versionId
 */

/**
 * Whether the file that was received is the one that this page sent. Only its version says so. The same size makes it likely: a response
 * can be lost, or name no version, and a browser sends a request again by itself when a connection breaks. The second one is then refused,
 * or is another version.
 * @param {{ versionId: string, sizeBytes: number }} received
 * @param {Attempt} attempt
 * @returns {'received' | 'same' | 'other'}
 */
export function compare(received, { file, versionId }) {
  if (versionId !== null && versionId === received.versionId) return 'received';
  return file.size === received.sizeBytes ? 'same' : 'other';
}

/** @param {number} status */
export const isGood = (status) => status >= 200 && status < 300;
