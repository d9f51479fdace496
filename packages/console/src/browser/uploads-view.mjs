import { chart, showLeadTimes, showThroughput } from './charts.mjs';
import { announce, button, element, messageOf, section, whilePressed } from './dom.mjs';
import { dateOf, timeOf, zone } from './format.mjs';
import { ask } from './service.mjs';
import { current, onChange, onChanges } from './store.mjs';
import { uploadRow } from './upload-row.mjs';

/** @import { FeedUpload, Log, State } from './store.mjs' */

const MOST_SHOWN = 100;
const MOST_REFUSALS_SHOWN = 20;
const TRIALS = /** @type {const} */ ([
  ['once', 'Upload once'],
  ['twice', 'Upload twice'],
  ['late', 'Upload too late'],
  ['tampered', 'Upload, tampered with'],
]);

/**
 * Uploads as they happen.
 * @param {State} state
 * @param {AbortSignal} signal aborted when the view goes
 */
export function uploadsView(state, signal) {
  return [
    element('h2', { tabindex: '-1' }, 'Uploads'),
    state.hasTrials && trials(),
    logBar(state, signal),
    list(state, signal),
    refusals(state, signal),
    charts(state, signal),
  ];
}

/** @param {State} state @param {AbortSignal} signal */
function list(state, signal) {
  /** @type {Map<string, ReturnType<typeof uploadRow>>} */
  const rows = new Map();
  const place = element('ol', { class: 'uploads' });
  const empty = element('p', { class: 'quiet' });
  let isPaused = false;

  /** A row stays where it is: a new one goes before the first that began earlier. @param {FeedUpload} upload */
  function show(upload) {
    const known = rows.get(upload.uploadId);
    if (known) return known.show(upload);
    const row = uploadRow(upload);
    const later = [...place.children].find(
      (other) => Number(other.getAttribute('data-began')) <= row.beganMs,
    );
    place.insertBefore(row.item, later ?? null);
    rows.set(upload.uploadId, row);
  }

  function showAll() {
    const { uploads = [], log } = current() ?? state;
    const shown = uploads.slice(0, MOST_SHOWN);
    const ids = new Set(shown.map(({ uploadId }) => uploadId));
    for (const [uploadId, { item }] of rows) {
      if (ids.has(uploadId) || item.contains(document.activeElement)) continue;
      rows.delete(uploadId);
      item.remove();
    }
    for (const upload of shown.reverse()) show(upload);
    empty.textContent =
      rows.size > 0
        ? ''
        : log.name === undefined
          ? 'Without a log there is nothing to see here.'
          : 'No upload was logged yet.';
  }

  const pausing = button('Pause', () => {
    isPaused = !isPaused;
    pausing.setAttribute('aria-pressed', String(isPaused));
    pausing.textContent = isPaused ? 'Go on' : 'Pause';
    if (!isPaused) showAll();
  });
  pausing.setAttribute('aria-pressed', 'false');
  onChanges(
    ['upload', 'state', 'log'],
    () => {
      if (!isPaused) showAll();
    },
    signal,
  );
  showAll();
  return section(
    'As they happen',
    element('p', { class: 'buttons' }, pausing),
    element('p', { class: 'quiet' }, `Times are those of this browser: ${zone()}.`),
    empty,
    place,
  );
}

/** @param {State} state @param {AbortSignal} signal */
function refusals(state, signal) {
  const place = element('ul', { class: 'refusals' });
  const count = element('p', { class: 'quiet' });
  function show() {
    const { refusals } = current() ?? state;
    count.textContent =
      refusals.length > 0
        ? 'Requests that the url-issuer refused, the last ones first.'
        : 'No request was refused.';
    place.replaceChildren(
      ...refusals
        .slice(0, MOST_REFUSALS_SHOWN)
        .map(({ atMs, reason, apiKeyId }) =>
          element(
            'li',
            {},
            `${timeOf(atMs)}  `,
            element('strong', {}, reason),
            apiKeyId ? `, API key ${apiKeyId}` : '',
          ),
        ),
    );
  }
  onChanges(['refusal', 'state'], show, signal);
  show();
  return section('Refused requests', count, place);
}

/** @param {State} state @param {AbortSignal} signal */
function charts({ metricSeconds, names }, signal) {
  const throughput = chart('Throughput of the last hour');
  const leadTimes = chart('Lead time');
  const problem = element('div');
  async function refresh() {
    try {
      const hour = await ask('/api/metrics');
      if (signal.aborted) return;
      showThroughput(throughput, hour);
      showLeadTimes(leadTimes, hour);
      problem.replaceChildren();
    } catch (error) {
      problem.replaceChildren(element('p', { class: 'problem' }, `No metrics: ${messageOf(error)}`));
    }
  }
  void refresh();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void refresh();
  }, metricSeconds * 1000);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return section(
    'The last hour',
    problem,
    element('div', { class: 'charts' }, leadTimes.figure, throughput.figure),
    element('p', { class: 'quiet' }, names.metrics ? `From ${names.metrics}.` : 'Counted from the log.'),
  );
}

function trials() {
  const result = element('div', { class: 'result', role: 'status' });
  const problem = element('div');
  const buttons = TRIALS.map(([kind, name]) => {
    const pressed = button(name, () =>
      whilePressed(
        pressed,
        async () => {
          const { uploadId, steps } = await ask(`/api/trials/${kind}`, {});
          result.replaceChildren(
            element(
              'p',
              {},
              `${name}: `,
              element('a', { href: `#upload/${encodeURIComponent(uploadId)}` }, uploadId),
            ),
            element('ol', {}, ...steps.map((/** @type {string} */ step) => element('li', {}, step))),
          );
        },
        problem,
      ),
    );
    return pressed;
  });
  return section('Try it', element('p', { class: 'buttons' }, ...buttons), problem, result);
}

/** @param {State} state @param {AbortSignal} signal */
function logBar(state, signal) {
  const place = element('div', { class: 'log' });
  const problem = element('div');
  function show() {
    const { log } = current() ?? state;
    place.replaceChildren(...logWords(log, problem));
  }
  onChange((event) => {
    if (event === 'log' || event === 'state') show();
  }, signal);
  show();
  return element('div', {}, place, problem);
}

/** @param {Log} log @param {Element} problem */
function logWords({ name, isFree, canLoad, isFollowing, note, problem: why, cut }, problem) {
  if (name === undefined)
    return [
      element(
        'p',
        {},
        'No log is configured, so this view stays empty. Start the console with --name, the installation’s name in Terraform.',
      ),
    ];
  const words = element(
    'p',
    { class: 'quiet' },
    isFollowing ? `Live from ${name}.` : `The log ${name} is not followed.`,
  );
  const since = cut?.since === undefined ? '' : ` All lines since ${dateOf(cut.since)} were read.`;
  const problems = [
    ...(why ? [element('p', { class: 'problem' }, why)] : []),
    ...(cut ? [element('p', {}, `Older lines were not read, and are not counted.${since}`)] : []),
  ];
  if (isFree && isFollowing) return [words, ...problems];
  const follow = button(isFollowing ? 'Stop the live view' : 'Show live', () =>
    whilePressed(follow, () => ask(isFollowing ? '/api/log/stop' : '/api/log/follow', {}), problem),
  );
  const load = button('Load the last 15 minutes', () =>
    whilePressed(
      load,
      async () => {
        const { isCut } = await ask('/api/log/load', { minutes: 15 });
        announce(isCut ? 'Loaded. Older lines were not read.' : 'Loaded.');
      },
      problem,
    ),
  );
  return [
    words,
    ...problems,
    element('p', { class: 'buttons' }, canLoad && load, follow),
    ...(note ? [element('p', { class: 'quiet' }, note)] : []),
  ];
}
