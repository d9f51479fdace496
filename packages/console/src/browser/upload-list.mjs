import { announce, button, element, section } from './dom.mjs';
import { counted, countOf } from './format.mjs';
import { current, MOST_UPLOADS, onChanges } from './store.mjs';
import { uploadRow } from './upload-row.mjs';
import { beganMsOf, FILTERS, hasText, stateOf } from './upload-states.mjs';

/** @import { FeedUpload, Log, State } from './store.mjs' */

const MOST_SHOWN = 100;
/** Forms expire without an event. */
const AGAIN_MS = 5_000;

/** What a person has chosen. It stays when the view is left. */
const wanted = { filter: 'All', text: '' };

/**
 * The uploads of the log: those that are wanted, the newest first.
 * @param {State} state
 * @param {AbortSignal} signal
 * @param {Element} above
 */
export function uploadList(state, signal, above) {
  /** @type {Map<string, ReturnType<typeof uploadRow>>} */
  const rows = new Map();
  const place = element('ol', { class: 'uploads' });
  const words = element('p', { class: 'quiet' });
  /** @type {readonly FeedUpload[] | undefined} */
  let paused;

  /** A row stays where it is, unless its beginning is known better now: it goes before the first that began earlier. @param {FeedUpload} upload @param {number} nowMs */
  function show(upload, nowMs) {
    const known = rows.get(upload.uploadId);
    const row = known ?? uploadRow(upload);
    row.show(upload, nowMs);
    const began = String(beganMsOf(upload));
    if (known && row.item.dataset['began'] === began) return;
    row.item.dataset['began'] = began;
    const earlier = [...place.children].find(
      (other) => other !== row.item && Number(other.getAttribute('data-began')) <= Number(began),
    );
    const focused = row.item.contains(document.activeElement) ? document.activeElement : undefined;
    place.insertBefore(row.item, earlier ?? null);
    // To move it takes the focus from it.
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    rows.set(upload.uploadId, row);
  }

  function showAll() {
    const { log, isFull, uploads: newest } = current() ?? state;
    const uploads = paused ?? newest;
    const nowMs = Date.now();
    const withText = uploads
      .filter((upload) => hasText(upload, wanted.text))
      .map((upload) => ({ upload, state: stateOf(upload, nowMs) }));
    for (const { name, chip, count } of chips) {
      const isIt = FILTERS[name] ?? (() => false);
      count.textContent = countOf(withText.filter(({ upload, state }) => isIt(upload, state)).length);
      chip.setAttribute('aria-pressed', String(name === wanted.filter));
    }
    const isWanted = FILTERS[wanted.filter] ?? (() => true);
    const found = withText
      .filter(({ upload, state }) => isWanted(upload, state))
      .map(({ upload }) => upload)
      .sort((a, b) => beganMsOf(b) - beganMsOf(a));
    const shown = found.slice(0, MOST_SHOWN);
    const ids = new Set(shown.map(({ uploadId }) => uploadId));
    for (const [uploadId, { item }] of rows) {
      if (ids.has(uploadId) || item.contains(document.activeElement)) continue;
      rows.delete(uploadId);
      item.remove();
    }
    for (const upload of shown.reverse()) show(upload, nowMs);
    const text = [
      emptyWords(uploads.length, found.length, log),
      found.length > MOST_SHOWN &&
        `The newest ${MOST_SHOWN} of ${countOf(found.length)} are shown: choose a state or search for the others.`,
      isFull && `Older uploads are no longer listed: the list holds ${MOST_UPLOADS}.`,
    ];
    words.textContent = text.filter(Boolean).join(' ');
    return found.length;
  }

  const announceFound = () => announce(`${counted(showAll(), 'upload')} found.`);
  const chips = Object.keys(FILTERS).map((name) => {
    const count = element('span', { class: 'count' });
    const chip = button(
      `${name} `,
      () => {
        wanted.filter = name;
        announceFound();
      },
      'chip',
    );
    chip.append(count);
    return { name, chip, count };
  });
  const search = element('input', {
    type: 'search',
    id: 'search',
    value: wanted.text,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  search.addEventListener('input', () => {
    wanted.text = search.value.trim();
    announceFound();
  });
  const pausing = button('Pause', () => {
    paused = paused ? undefined : (current() ?? state).uploads;
    pausing.setAttribute('aria-pressed', String(paused !== undefined));
    pausing.textContent = paused ? 'Go on' : 'Pause';
    showAll();
  });
  pausing.setAttribute('aria-pressed', 'false');
  onChanges(['upload', 'state', 'log'], showAll, signal);
  const timer = setInterval(showAll, AGAIN_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  showAll();
  return section(
    'As they happen',
    above,
    element(
      'div',
      { class: 'chips', role: 'group', 'aria-label': 'Uploads to show' },
      ...chips.map(({ chip }) => chip),
    ),
    element(
      'div',
      { class: 'ask' },
      element('label', { for: 'search' }, 'A part of the id or API key'),
      search,
      pausing,
    ),
    words,
    element('div', { class: 'list' }, place),
    element(
      'p',
      { class: 'quiet' },
      'Times are as logged: accepted and processed are when the service wrote its line. An upload’s own page has the times on record.',
    ),
  );
}

/** @param {number} known @param {number} found @param {Log} log */
function emptyWords(known, found, { name, isRead, canLoad }) {
  if (found > 0) return '';
  if (name === undefined) return 'Without a log there is nothing to see here.';
  if (known === 0 && !isRead)
    return `The log was not read. Press ${canLoad ? '“Load the last 15 minutes” or ' : ''}“Show live”.`;
  return known === 0 ? 'No upload was logged yet.' : `None of ${counted(known, 'upload')} is so.`;
}
