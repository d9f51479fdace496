import { countWords } from './charts.mjs';
import { element, messageOf } from './dom.mjs';
import { countOf, durationOf } from './format.mjs';
import { ask } from './service.mjs';
import { current, MOST_UPLOADS, onChanges } from './store.mjs';
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
    const { uploads, isFull, log } = current() ?? state;
    if (!log.isRead) {
      const why = log.name === undefined ? 'no log is configured' : 'the log was not read';
      for (const unknown of [open, oldest]) unknown.show('–', why);
      return;
    }
    const nowMs = Date.now();
    const ofWhat = isFull
      ? ` of the ${MOST_UPLOADS} listed`
      : log.isFree && !log.cut
        ? ''
        : ' of the log that was read';
    const inState = (/** @type {string} */ wanted) =>
      uploads.filter((upload) => stateOf(upload, nowMs) === wanted);
    const accepted = inState('accepted');
    const waiting = inState('waiting');
    open.show(
      countOf(accepted.length + waiting.length),
      `${countOf(accepted.length)} accepted, ${countOf(waiting.length)} without a file yet${ofWhat && `,${ofWhat}`}`,
    );
    // A link may wait for weeks: what has a file comes first.
    const [first] = (accepted.length > 0 ? accepted : waiting).sort((a, b) => beganMsOf(a) - beganMsOf(b));
    if (!first) return oldest.show('–', `none${ofWhat}`);
    const id = first.uploadId;
    oldest.show(
      durationOf(Math.max(0, nowMs - beganMsOf(first))),
      element('span', {}, element('a', { href: `#upload/${encodeURIComponent(id)}` }, id), ofWhat),
      id + ofWhat,
    );
  }

  async function showDead() {
    if (state.queues.length === 0) return dead.show('–', 'no queue is configured');
    let sum = 0;
    const responses = state.queues.map(async (queue) => {
      try {
        const { deadLetters } = await ask(`/api/queues/${queue}`);
        sum += deadLetters.visible + deadLetters.inFlight;
        return undefined;
      } catch (error) {
        return `${queue}: ${messageOf(error)}`;
      }
    });
    const problems = (await Promise.all(responses)).filter((problem) => problem !== undefined);
    if (problems.length === responses.length) return dead.show('?', problems[0] ?? '');
    const link = element('a', { href: '#queues' }, 'Queues');
    if (problems.length === 0) return dead.show(countOf(sum), link, 'Queues', sum > 0);
    const without = `Not counted: ${problems.join('; ')}`;
    dead.show(`≥ ${countOf(sum)}`, element('span', {}, link, without), without, sum > 0);
  }

  onChanges(['upload', 'state', 'log'], showOpen, signal);
  showOpen();
  if (state.queues.length > 0) dead.show('–', 'is read …');
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
    showHour(hour) {
      const words = (/** @type {Parameters<typeof countWords>[1]} */ name) => countWords(hour, name);
      const hasFailed = hour.minutes.some((minute) => (minute['failed'] ?? 0) > 0);
      failed.show(words('failed'), `${words('processed')} processed`, '', hasFailed);
      const refused = words('refusedRequests');
      issued.show(words('issued'), `${refused} ${refused === '1' ? 'request' : 'requests'} refused`);
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
