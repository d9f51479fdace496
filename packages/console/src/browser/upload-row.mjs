import { element } from './dom.mjs';
import { counted, durationOf, sizeOf, timeOf } from './format.mjs';

/** @import { FeedUpload } from './store.mjs' */

const OTHER_WORDS = {
  duplicate: 'duplicate: another file came with the same form',
  'identical-duplicate': 'identical duplicate: the same file was sent again',
  refused: 'refused: the upload was revoked before',
  orphan: 'orphan: there is no such upload',
};

/**
 * One upload in the list. A change replaces what has changed: its link stays, and with it the focus.
 * @param {FeedUpload} upload
 */
export function uploadRow(upload) {
  const { uploadId } = upload;
  const beganMs = upload.issuedMs ?? upload.uploadedMs ?? upload.lastMs;
  const facts = element('span', { class: 'quiet' });
  const link = element('a', { href: `#upload/${encodeURIComponent(uploadId)}` }, uploadId);
  const what = element('p', { class: 'what' }, link, facts);
  const item = element('li', { 'data-began': beganMs }, what);
  let shown = '';

  /** @param {FeedUpload} changed */
  function show(changed) {
    const now = JSON.stringify(changed);
    if (now === shown) return;
    shown = now;
    facts.textContent = factsOf(changed);
    while (what.nextSibling) what.nextSibling.remove();
    // Nothing becomes of a file without an upload.
    if (!isOrphan(changed)) item.append(track(changed));
    const beside = besideOf(changed);
    if (beside.length > 0) item.append(element('ul', { class: 'beside' }, ...beside));
  }

  show(upload);
  return { item, beganMs, show };
}

/** @param {FeedUpload} upload */
function factsOf({ sizeBytes, attempts }) {
  return [sizeBytes === undefined ? '' : sizeOf(sizeBytes), attempts > 1 ? counted(attempts, 'attempt') : '']
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

/**
 * Why the steps that are missing will not come, as far as the log tells.
 * @param {FeedUpload} upload
 */
function endOf({ others, refusals, acceptedMs }) {
  if (acceptedMs !== undefined) return '';
  if (others.some(({ kind }) => kind === 'refused')) return 'revoked';
  if (refusals.length > 0) return 'refused by S3';
  return '';
}

/** @param {FeedUpload} upload */
function isOrphan({ others, issuedMs, acceptedMs }) {
  return issuedMs === undefined && acceptedMs === undefined && others.some(({ kind }) => kind === 'orphan');
}

/** @param {FeedUpload} upload */
function track(upload) {
  const { issuedMs, uploadedMs, acceptedMs, processedMs, failedMs } = upload;
  const isFailed = failedMs !== undefined && (processedMs === undefined || processedMs < failedMs);
  const steps = /** @type {const} */ ([
    ['issued', issuedMs],
    ['uploaded', uploadedMs],
    ['accepted', acceptedMs],
    [isFailed ? 'failed' : 'processed', isFailed ? failedMs : processedMs],
  ]);
  const last = steps.findLastIndex(([, ms]) => ms !== undefined);
  /** @type {number | undefined} */
  let before;
  const items = steps.map(([name, ms], at) => {
    const when =
      ms !== undefined
        ? before === undefined
          ? timeOf(ms)
          : `+ ${durationOf(Math.max(0, ms - before))}`
        : at < last
          ? 'not in the log'
          : endOf(upload) || 'not yet seen';
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
