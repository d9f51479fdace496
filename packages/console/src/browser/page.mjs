import { auditView } from './audit-view.mjs';
import { element, fillWith, messageOf } from './dom.mjs';
import { zone } from './format.mjs';
import { queuesView } from './queues-view.mjs';
import { listen, ServiceFailed, takeToken, takeTokenOfAnotherTab } from './service.mjs';
import { current, take } from './store.mjs';
import { uploadView } from './upload-view.mjs';
import { uploadsView } from './uploads-view.mjs';

const AGAIN_MS = 2_000;
const WRONG_TOKEN = 401;
const main = /** @type {HTMLElement} */ (document.querySelector('#main'));
const problem = /** @type {HTMLElement} */ (document.querySelector('#problem'));
const times = /** @type {HTMLElement} */ (document.querySelector('#zone'));
const mode = /** @type {HTMLElement} */ (document.querySelector('#mode'));

/** Aborted when the view that is shown goes. */
let viewing = new AbortController();

function show({ isMoved = false } = {}) {
  const state = current();
  if (!state) return;
  viewing.abort();
  viewing = new AbortController();
  const [name = '', ...rest] = location.hash.slice(1).split('/');
  const id = decoded(rest.join('/'));
  const { signal } = viewing;
  const parts =
    name === 'queues'
      ? queuesView(state, signal)
      : name === 'upload'
        ? uploadView(state, signal, id)
        : name === 'audit'
          ? auditView(state, signal)
          : uploadsView(state, signal);
  fillWith(main, parts);
  for (const link of document.querySelectorAll('nav a')) {
    const isCurrent = link.getAttribute('href') === `#${name || 'uploads'}`;
    if (isCurrent) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const heading = main.querySelector('h2');
  document.title = `${heading?.textContent}, upload-once console`;
  if (isMoved) heading?.focus();
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
function tell(text) {
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
        tell('');
        showMode(data);
      }
      if (isFirst) show();
    });
    tell('The connection to the console has ended. It is tried again.');
  } catch (error) {
    tell(messageOf(error));
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
