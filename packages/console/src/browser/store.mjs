/**
 * What the page knows of the console's state.
 * @typedef {object} FeedUpload
 * @property {string} uploadId
 * @property {string} [apiKeyId]
 * @property {number} [sizeBytes]
 * @property {number} [issuedMs]
 * @property {number} [expiresMs]
 * @property {number} [revokedMs]
 * @property {number} [uploadedMs]
 * @property {number} [acceptedMs]
 * @property {number} [processedMs]
 * @property {number} [failedMs]
 * @property {number} attempts
 * @property {{ kind: string, versionId: string, atMs: number }[]} others
 * @property {string[]} refusals
 * @property {number} lastMs
 *
 * @typedef {{ atMs: number, reason: string, apiKeyId?: string }} Refusal
 * @typedef {{ name?: string, isFree: boolean, canLoad: boolean, isFollowing: boolean, isRead: boolean, note?: string, problem?: string, cut?: { since?: string }, sampledAt?: string }} Log
 *
 * @typedef {object} State
 * @property {boolean} isWritable
 * @property {boolean} hasTrials
 * @property {boolean} hasAudit
 * @property {string[]} queues
 * @property {{ uploads: string, metrics?: string, traces?: string }} names
 * @property {number} metricSeconds
 * @property {Log} log
 * @property {FeedUpload[]} uploads those that the console keeps, in no order
 * @property {Refusal[]} refusals the newest first
 * @property {boolean} isFull there were more uploads than the list has
 * @property {any} [audit]
 */

/** As the console keeps. */
export const MOST_UPLOADS = 500;
const MOST_REFUSALS = 200;
/** Between two redraws of the same thing. */
const REDRAW_MS = 250;

/** @type {State | undefined} */
let state;
/** @type {Set<(event: string, data: any) => void>} */
const listeners = new Set();

/** Undefined until the first connection. */
export const current = () => state;

/**
 * Calls back after each change, until the signal is aborted.
 * @param {(event: string, data: any) => void} listener
 * @param {AbortSignal} signal
 */
export function onChange(listener, signal) {
  listeners.add(listener);
  signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
}

/**
 * Calls back soon after changes of these kinds, once for all of them, until the signal is aborted. A busy installation sends thousands.
 * @param {readonly string[]} events
 * @param {() => void} redraw
 * @param {AbortSignal} signal
 */
export function onChanges(events, redraw, signal) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const run = () => {
    waiting = undefined;
    redraw();
  };
  onChange((event) => {
    if (events.includes(event)) waiting ??= setTimeout(run, REDRAW_MS);
  }, signal);
  signal.addEventListener('abort', () => clearTimeout(waiting), { once: true });
}

/** Takes one event of the console. @param {string} event @param {any} data */
export function take(event, data) {
  if (event === 'state') state = data;
  if (!state) return;
  if (event === 'upload') {
    // The console alone decides what it keeps.
    const others = state.uploads.filter(({ uploadId }) => uploadId !== data.uploadId);
    state.uploads = data.isGone ? others : [data, ...others];
    state.isFull ||= data.isGone === true;
  }
  if (event === 'refusal')
    state.refusals = [data, ...state.refusals].sort((a, b) => b.atMs - a.atMs).slice(0, MOST_REFUSALS);
  if (event === 'log') state.log = data;
  if (event === 'audit') state.audit = data;
  for (const listener of listeners) listener(event, data);
}
