import { element, messageOf } from './dom.mjs';
import { counted, countOf, durationOf } from './format.mjs';
import { ask } from './service.mjs';
import { current, onChanges } from './store.mjs';
import { beganMsOf, stateOf } from './upload-states.mjs';

/** @import { Hour } from './charts.mjs' */
/** @import { State } from './store.mjs' */

const QUEUES_MS = 15_000;
const AGE_MS = 1_000;

/**
 * How things stand, in five numbers.
 * @param {State} state
 * @param {AbortSignal} signal
 */
export function headline(state, signal) {
  const open = number('In progress');
  const oldest = number('Oldest in progress');
  const failed = number('Failed, last hour');
  const dead = number('Dead letters');
  const issued = number('Forms issued, last hour');

  function showOpen() {
    const { uploads = [] } = current() ?? state;
    const nowMs = Date.now();
    const inState = (/** @type {string} */ wanted) =>
      uploads.filter((upload) => stateOf(upload, nowMs) === wanted);
    const accepted = inState('accepted');
    const waiting = inState('waiting');
    open.show(
      countOf(accepted.length + waiting.length),
      `${countOf(accepted.length)} accepted, ${countOf(waiting.length)} without a file yet`,
    );
    // A link may wait for weeks: what has a file comes first.
    const [first] = (accepted.length > 0 ? accepted : waiting).sort((a, b) => beganMsOf(a) - beganMsOf(b));
    if (!first) return oldest.show('–', 'none');
    const id = first.uploadId;
    oldest.show(
      durationOf(Math.max(0, nowMs - beganMsOf(first))),
      element('a', { href: `#upload/${encodeURIComponent(id)}` }, id),
      id,
    );
  }

  async function showDead() {
    if (state.queues.length === 0) return dead.show('–', 'no queue is configured');
    try {
      const all = await Promise.all(state.queues.map((queue) => ask(`/api/queues/${queue}`)));
      const sum = all.reduce((sum, { deadLetters }) => sum + deadLetters.visible + deadLetters.inFlight, 0);
      dead.show(countOf(sum), element('a', { href: '#queues' }, 'Queues'), 'Queues', sum > 0);
    } catch (error) {
      dead.show('?', messageOf(error));
    }
  }

  onChanges(['upload', 'state', 'log'], showOpen, signal);
  showOpen();
  void showDead();
  const timers = [
    setInterval(showOpen, AGE_MS),
    setInterval(() => {
      if (document.visibilityState === 'visible') void showDead();
    }, QUEUES_MS),
  ];
  signal.addEventListener('abort', () => timers.forEach(clearInterval), { once: true });
  return {
    part: element(
      'dl',
      { class: 'headline' },
      ...[open, oldest, failed, dead, issued].map(({ place }) => place),
    ),
    /** @param {Hour} hour */
    showHour({ minutes }) {
      const total = (/** @type {string} */ name) =>
        minutes.reduce((sum, minute) => sum + (minute[name] ?? 0), 0);
      failed.show(
        countOf(total('failed')),
        `${countOf(total('processed'))} processed`,
        '',
        total('failed') > 0,
      );
      issued.show(
        countOf(total('issued')),
        counted(total('refusedRequests'), 'request refused', 'requests refused'),
      );
    },
  };
}

/** @param {string} name */
function number(name) {
  const value = element('dd', {}, '–');
  const more = element('dd', { class: 'more' });
  const place = element('div', {}, element('dt', {}, name), value, more);
  let shownKey = '';
  return {
    place,
    /**
     * @param {string} text
     * @param {string | Element} below
     * @param {string} [key] names what is below: it is left alone, with the focus, while its name is the same
     * @param {boolean} [isBad]
     */
    show(text, below, key = '', isBad = false) {
      value.textContent = text;
      if (key === '' || key !== shownKey) more.replaceChildren(below);
      shownKey = key;
      place.classList.toggle('bad', isBad);
    },
  };
}
