import { chart, showLeadTimes, showThroughput } from './charts.mjs';
import { announce, button, element, messageOf, section, whilePressed } from './dom.mjs';
import { counted, durationOf, sizeOf, timeOf } from './format.mjs';
import { ask } from './service.mjs';
import { current, onChange } from './store.mjs';

/** @import { FeedUpload, Log, State } from './store.mjs' */

const MOST_SHOWN = 100;
const MOST_REFUSALS_SHOWN = 20;
const OTHER_WORDS = {
  duplicate: 'duplicate: another file came with the same form',
  'identical-duplicate': 'identical duplicate: the same file was sent again',
  refused: 'refused: the upload was revoked before',
  orphan: 'orphan: there is no such upload',
};
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
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  const place = element('ol', { class: 'uploads' });
  const empty = element('p', { class: 'quiet' });
  let isPaused = false;

  function show(/** @type {FeedUpload} */ upload) {
    const before = rows.get(upload.uploadId);
    const row = rowOf(upload);
    rows.set(upload.uploadId, row);
    // What a person is reading stays where it is.
    if (before) before.replaceWith(row);
    else place.prepend(row);
    for (const [uploadId, oldest] of rows) {
      if (rows.size <= MOST_SHOWN) break;
      rows.delete(uploadId);
      oldest.remove();
    }
  }

  function showAll() {
    const { uploads = [], log } = current() ?? state;
    for (const upload of uploads.slice(0, MOST_SHOWN).reverse()) show(upload);
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
  onChange((event) => {
    if (!isPaused && ['upload', 'state', 'log'].includes(event)) showAll();
  }, signal);
  showAll();
  return section('As they happen', element('p', { class: 'buttons' }, pausing), empty, place);
}

/** @param {FeedUpload} upload */
function rowOf(upload) {
  const { uploadId, sizeBytes, attempts, others, refusals, failedMs, processedMs } = upload;
  const isFailed = failedMs !== undefined && (processedMs === undefined || processedMs < failedMs);
  const facts = [
    sizeBytes === undefined ? '' : sizeOf(sizeBytes),
    attempts > 1 ? counted(attempts, 'attempt') : '',
  ];
  const beside = [
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
  return element(
    'li',
    {},
    element(
      'p',
      { class: 'what' },
      element('a', { href: `#upload/${encodeURIComponent(uploadId)}` }, uploadId),
      element('span', { class: 'quiet' }, facts.filter(Boolean).join(', ')),
    ),
    track(upload, isFailed),
    beside.length > 0 && element('ul', { class: 'beside' }, ...beside),
  );
}

/** @param {FeedUpload} upload @param {boolean} isFailed */
function track({ issuedMs, uploadedMs, acceptedMs, processedMs, failedMs }, isFailed) {
  const steps = /** @type {const} */ ([
    ['issued', issuedMs],
    ['uploaded', uploadedMs],
    ['accepted', acceptedMs],
    [isFailed ? 'failed' : 'processed', isFailed ? failedMs : processedMs],
  ]);
  /** @type {number | undefined} */
  let before;
  const items = steps.map(([name, ms]) => {
    const when =
      ms === undefined ? '' : before === undefined ? timeOf(ms) : `+ ${durationOf(Math.max(0, ms - before))}`;
    before = ms ?? before;
    const look = ms === undefined ? 'open' : name === 'failed' ? 'bad' : 'done';
    return element(
      'li',
      { class: look },
      element('span', { class: 'name' }, name),
      element('span', { class: 'when' }, when || 'not yet'),
    );
  });
  return element('ol', { class: 'track' }, ...items);
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
  onChange((event) => {
    if (event === 'refusal' || event === 'state') show();
  }, signal);
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
function logWords({ name, isFree, canLoad, isFollowing, note, problem: why }, problem) {
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
  const problems = why ? [element('p', { class: 'problem' }, why)] : [];
  if (isFree && isFollowing) return [words, ...problems];
  const follow = button(isFollowing ? 'Stop the live view' : 'Show live', () =>
    whilePressed(follow, () => ask(isFollowing ? '/api/log/stop' : '/api/log/follow', {}), problem),
  );
  const load = button('Load the last 15 minutes', () =>
    whilePressed(
      load,
      async () => {
        const { isCut } = await ask('/api/log/load', { minutes: 15 });
        announce(isCut ? 'Loaded. There were more lines than are read at once.' : 'Loaded.');
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
