import { auditView } from './audit-view.mjs';
import { element, fillWith, messageOf } from './dom.mjs';
import { zone } from './format.mjs';
import { queuesView } from './queues-view.mjs';
import { listen, ServiceFailed, takeToken, takeTokenOfAnotherTab } from './service.mjs';
import { current, take } from './store.mjs';
import { uploadView } from './upload-view.mjs';
import { uploadsView } from './uploads-view.mjs';

/** @import { State } from './store.mjs' */
/** @import { Child } from './dom.mjs' */

const AGAIN_MS = 2_000;
const WRONG_TOKEN = 401;
const main = /** @type {HTMLElement} */ (document.querySelector('#main'));
const problem = /** @type {HTMLElement} */ (document.querySelector('#problem'));
const times = /** @type {HTMLElement} */ (document.querySelector('#zone'));
const mode = /** @type {HTMLElement} */ (document.querySelector('#mode'));

/** Aborted when the view that is shown goes. */
let viewing = new AbortController();

/** By what follows the # of the address. */
const VIEWS = /** @type {Record<string, (state: State, signal: AbortSignal, id: string) => Child[]>} */ ({
  uploads: uploadsView,
  queues: queuesView,
  upload: uploadView,
  audit: auditView,
});

function show({ isMoved = false } = {}) {
  const state = current();
  if (!state) return;
  viewing.abort();
  viewing = new AbortController();
  const [given = '', ...rest] = location.hash.slice(1).split('/');
  const name = Object.hasOwn(VIEWS, given) ? given : 'uploads';
  fillWith(main, partsOf(name, state, decoded(rest.join('/'))));
  for (const link of document.querySelectorAll('nav a')) {
    const isCurrent = link.getAttribute('href') === `#${name}`;
    if (isCurrent) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const heading = main.querySelector('h2');
  document.title = `${heading?.textContent}, upload-once console`;
  if (isMoved) heading?.focus();
}

/** A view that fails says so, and leaves the connection and the other views alone. @param {string} name @param {State} state @param {string} id */
function partsOf(name, state, id) {
  try {
    return VIEWS[name]?.(state, viewing.signal, id) ?? [];
  } catch (error) {
    const words = `This view can’t be shown: ${messageOf(error)}`;
    return [
      element('h2', { tabindex: '-1' }, 'Not shown'),
      element('p', { class: 'problem', role: 'alert' }, words),
    ];
  }
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string} text '': there is none */
function showText(text) {
  problem.textContent = text;
  problem.hidden = text === '';
}

/** @param {any} state */
function showMode({ isWritable }) {
  mode.textContent = isWritable ? 'Can change things' : 'Read-only';
  mode.className = isWritable ? 'writable' : '';
}

async function connect() {
  try {
    await listen((event, data) => {
      const isFirst = current() === undefined;
      take(event, data);
      if (event === 'state') {
        showText('');
        showMode(data);
      }
      if (isFirst) show();
    });
    showText('The connection to the console has ended. It is tried again.');
  } catch (error) {
    showText(messageOf(error));
    if (error instanceof ServiceFailed && error.status === WRONG_TOKEN) return;
  }
  setTimeout(connect, AGAIN_MS);
}

times.textContent = `Times: ${zone()}`;
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) {
    takeToken();
    location.reload();
  } else show({ isMoved: true });
});
if (takeToken() === '') {
  main.replaceChildren(
    element('h2', {}, 'No access'),
    element(
      'p',
      {},
      'Open the address that "upload-once console" or "make dev" printed: it has a token, and this tab has none.',
    ),
  );
  await takeTokenOfAnotherTab();
}
void connect();
