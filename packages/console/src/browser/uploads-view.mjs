import { chart, showLeadTimes, showThroughput } from './charts.mjs';
import { button, element, messageOf, section, whilePressed } from './dom.mjs';
import { timeOf } from './format.mjs';
import { headline } from './headline.mjs';
import { gapWords, logBar } from './log-bar.mjs';
import { ask } from './service.mjs';
import { current, onChanges } from './store.mjs';
import { uploadList } from './upload-list.mjs';

/** @import { Hour } from './charts.mjs' */
/** @import { State } from './store.mjs' */

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
  const numbers = headline(state, signal);
  const drawn = charts(state, signal);
  const problem = metricsOf(state, signal, (hour) => {
    numbers.showHour(hour);
    drawn.showHour(hour);
  });
  return [
    element('h2', { tabindex: '-1' }, 'Uploads'),
    numbers.part,
    state.hasTrials && trials(),
    uploadList(state, signal, logBar(state, signal)),
    section('The last hour', problem, drawn.part),
    refusals(state, signal),
  ];
}

/** @param {State} state @param {AbortSignal} signal */
function refusals(state, signal) {
  const place = element('ul', { class: 'refusals' });
  const count = element('p', { class: 'quiet' });
  function show() {
    const { refusals, log } = current() ?? state;
    count.textContent = !log.isRead
      ? 'Nothing is known of refused requests: no log was read.'
      : refusals.length > 0
        ? 'Requests that the url-issuer refused, the newest first.'
        : 'In the log that was read, the url-issuer refused no request.';
    place.replaceChildren(
      ...refusals
        .slice(0, MOST_REFUSALS_SHOWN)
        .map(({ atMs, reason, apiKeyId }) =>
          element(
            'li',
            {},
            `${timeOf(atMs)}  `,
            element('strong', {}, reason),
            apiKeyId ? ', API key ' : '',
            apiKeyId && element('code', {}, apiKeyId),
          ),
        ),
    );
  }
  onChanges(['refusal', 'state', 'log'], show, signal);
  show();
  return section('Refused requests', count, place);
}

/** @param {State} state @param {AbortSignal} signal */
function charts(state, signal) {
  const throughput = chart('Throughput of the last hour');
  const leadTimes = chart('Lead time');
  const gaps = element('p', { class: 'quiet' });
  const { metrics } = state.names;
  /** What CloudWatch counts has no gap. */
  function showGaps() {
    gaps.textContent = metrics
      ? `From ${metrics}.`
      : `Counted from the log. ${gapWords((current() ?? state).log)}`;
  }
  onChanges(['log', 'state'], showGaps, signal);
  showGaps();
  return {
    part: element('div', {}, element('div', { class: 'charts' }, leadTimes.figure, throughput.figure), gaps),
    /** @param {Hour} hour */
    showHour(hour) {
      showThroughput(throughput, hour);
      showLeadTimes(leadTimes, hour);
    },
  };
}

/**
 * Asks for the metrics of the last hour, again and again while the page is seen.
 * @param {State} state
 * @param {AbortSignal} signal
 * @param {(hour: Hour) => void} onHour
 * @returns where a failure is shown
 */
function metricsOf({ metricSeconds }, signal, onHour) {
  const problem = element('div');
  async function refresh() {
    try {
      const hour = await ask('/api/metrics');
      if (signal.aborted) return;
      onHour(hour);
      problem.replaceChildren(...missingWords(hour));
    } catch (error) {
      problem.replaceChildren(element('p', { class: 'problem' }, `No metrics: ${messageOf(error)}`));
    }
  }
  void refresh();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void refresh();
  }, metricSeconds * 1000);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return problem;
}

/** @param {Hour} hour */
function missingWords({ missing = [] }) {
  const reasons = new Set(missing.map(({ why }) => why));
  return [...reasons].map((why) => {
    const names = missing.filter((each) => each.why === why).map(({ name }) => name);
    return element('p', { class: 'problem' }, `No numbers for ${names.join(', ')}: ${why}`);
  });
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
