import { element, plain } from './dom.mjs';
import { counted, durationOf, sizeOf, timeOf } from './format.mjs';
import { endOf, isFailed, isOrphan } from './upload-states.mjs';

/** @import { FeedUpload } from './store.mjs' */

const OTHER_WORDS = {
  duplicate: 'duplicate: another file came with the same form',
  'identical-duplicate': 'identical duplicate: the same file was sent again',
  refused: 'refused: the upload was revoked before',
  orphan: 'orphan: there is no such upload',
};
/** S3 gives the time of a file in whole seconds. */
const WHOLE_SECOND_MS = 1_000;

/**
 * One upload in the list. A change replaces what has changed: its link stays, and with it the focus.
 * @param {FeedUpload} upload
 */
export function uploadRow(upload) {
  const { uploadId } = upload;
  const facts = element('span', { class: 'quiet' });
  const link = element('a', { href: `#upload/${encodeURIComponent(uploadId)}` }, uploadId);
  const what = element('p', { class: 'what' }, link, facts);
  const item = element('li', {}, what);
  let shown = '';

  /** @param {FeedUpload} changed @param {number} nowMs */
  function show(changed, nowMs) {
    const end = endOf(changed, nowMs);
    const now = JSON.stringify([changed, end]);
    if (now === shown) return;
    shown = now;
    facts.textContent = plain(factsOf(changed));
    while (what.nextSibling) what.nextSibling.remove();
    // Nothing becomes of a file without an upload.
    if (!isOrphan(changed)) item.append(track(changed, end));
    const beside = besideOf(changed);
    if (beside.length > 0) item.append(element('ul', { class: 'beside' }, ...beside));
  }

  return { item, show };
}

/** @param {FeedUpload} upload */
function factsOf({ sizeBytes, attempts, apiKeyId }) {
  return [
    sizeBytes === undefined ? '' : sizeOf(sizeBytes),
    attempts > 1 ? counted(attempts, 'attempt') : '',
    apiKeyId ?? '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** @param {FeedUpload} upload */
function besideOf({ others, refusals }) {
  return [
    ...others.map(({ kind, atMs }) => {
      const words = OTHER_WORDS[/** @type {keyof typeof OTHER_WORDS} */ (kind)] ?? kind;
      return element(
        'li',
        { class: kind === 'identical-duplicate' ? 'mild' : 'bad' },
        `${words}, ${timeOf(atMs)}`,
      );
    }),
    ...refusals.map((why) => element('li', { class: 'bad' }, why)),
  ];
}

/** @param {FeedUpload} upload @param {ReturnType<typeof endOf>} end */
function track(upload, end) {
  const { issuedMs, uploadedMs, acceptedMs, processedMs, failedMs } = upload;
  const hasFailed = isFailed(upload);
  const steps = /** @type {const} */ ([
    ['issued', issuedMs],
    ['uploaded', uploadedMs],
    ['accepted', acceptedMs],
    [hasFailed ? 'failed' : 'processed', hasFailed ? failedMs : processedMs],
  ]);
  const last = steps.findLastIndex(([, ms]) => ms !== undefined);
  const ended = end && `${end.why}${end.atMs === undefined ? '' : ` ${timeOf(end.atMs)}`}`;
  /** @type {number | undefined} */
  let before;
  const items = steps.map(([name, ms], at) => {
    const when =
      ms !== undefined
        ? before === undefined
          ? timeOf(ms)
          : stepOf(ms - before)
        : at < last
          ? 'not in the log'
          : at === last + 1
            ? ended || 'not yet'
            : '–';
    before = ms ?? before;
    const look = ms === undefined ? 'open' : name === 'failed' ? 'bad' : 'done';
    return element(
      'li',
      { class: look },
      element('span', { class: 'name' }, name),
      element('span', { class: 'when' }, when),
    );
  });
  return element('ol', { class: 'track' }, ...items);
}

/** A step before the one before it comes of clocks that differ. @param {number} ms */
const stepOf = (ms) => (ms < -WHOLE_SECOND_MS ? `− ${durationOf(-ms)}` : `+ ${durationOf(Math.max(0, ms))}`);
