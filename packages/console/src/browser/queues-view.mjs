import { announce, button, element, fillWith, messageOf, section, table, whilePressed } from './dom.mjs';
import { counted, countOf, dateOf, timeOf } from './format.mjs';
import { ask } from './service.mjs';

/** @import { State } from './store.mjs' */

const REFRESH_MS = 5_000;
const READERS = /** @type {Record<string, string>} */ ({
  uploads: 'Upload events, which the acceptor reads',
  accepted: 'Accepted events, which the processor reads',
  webhooks: 'Webhooks, which the webhook-sender reads',
});

const OUTCOMES = /** @type {Record<string, string>} */ ({
  doubled: 'moved, and still among the dead letters too',
  failed: 'not moved',
  uncertain: 'maybe moved',
  unknown: 'unknown, left alone',
  'wrong-queue': 'of the other queue, left alone',
  'came-back': 'came back at once',
  left: 'not among those shown, left alone',
});

/**
 * The queues with their dead letters.
 * @param {State} state
 * @param {AbortSignal} signal
 */
export function queuesView(state, signal) {
  return [
    element('h2', { tabindex: '-1' }, 'Queues'),
    state.queues.length === 0 &&
      element(
        'p',
        {},
        'No queue is configured. Set UPLOAD_EVENTS_QUEUE_URL and ACCEPTED_EVENTS_QUEUE_URL, or give --uploads-queue and --accepted-queue.',
      ),
    ...state.queues.map((queue) => queueSection(queue, state, signal)),
  ];
}

/** @param {string} queue @param {State} state @param {AbortSignal} signal */
function queueSection(queue, { isWritable }, signal) {
  const counts = element('div');
  const problem = element('div');
  const last = element('div', { tabindex: '-1' });
  const preview = element('div', { class: 'preview' });
  async function refresh() {
    try {
      const state = await ask(`/api/queues/${queue}`);
      if (signal.aborted) return;
      counts.replaceChildren(...countWords(state));
      showLast(state.redrive);
    } catch (error) {
      counts.replaceChildren(element('p', { class: 'problem' }, messageOf(error)));
    }
  }
  let shownLast = '';
  function showLast(/** @type {any} */ redrive) {
    const now = JSON.stringify(redrive ?? '');
    if (now !== shownLast) fillWith(last, redrive ? lastWords(redrive) : []);
    shownLast = now;
  }
  void refresh();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void refresh();
  }, REFRESH_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });

  const look = button('Look at the dead letters', () =>
    whilePressed(
      look,
      async () => {
        const found = await ask(`/api/dead-letters/${queue}`, {});
        fillWith(preview, previewOf(queue, found, isWritable, { preview, last, refresh }));
        announce(`${counted(found.visible, 'dead letter')} can be seen.`);
      },
      problem,
    ),
  );
  return section(
    READERS[queue] ?? queue,
    counts,
    element('p', { class: 'buttons' }, look),
    element(
      'p',
      { class: 'quiet' },
      'To show a dead letter, the console receives it and gives it back: this counts as one more receive.',
    ),
    problem,
    preview,
    last,
  );
}

/** @param {any} state */
function countWords({ name, counts, deadLetterName, deadLetters, maxReceiveCount }) {
  const waiting = deadLetters.visible + deadLetters.inFlight;
  return [
    element(
      'dl',
      { class: 'numbers' },
      ...numberOf('waiting', countOf(counts.visible)),
      ...numberOf('in flight', countOf(counts.inFlight)),
      ...numberOf('delayed', countOf(counts.delayed)),
      ...numberOf('dead letters', countOf(waiting), waiting > 0 ? 'bad' : ''),
    ),
    element(
      'p',
      { class: 'quiet' },
      `${name}. After ${counted(maxReceiveCount, 'receive')} a message goes to ${deadLetterName}. The numbers are SQS’s own, which are approximate.`,
    ),
  ];
}

/** @param {string} name @param {string} value @param {string} [look] */
function numberOf(name, value, look = '') {
  return [element('div', { class: look }, element('dt', {}, name), element('dd', {}, value))];
}

/**
 * @param {string} queue @param {any} found @param {boolean} isWritable
 * @param {{ preview: Element, last: HTMLElement, refresh: () => Promise<void> }} places
 */
function previewOf(queue, { rows, visible, hidden, plan, previewId }, isWritable, places) {
  const { preview: place, last: result, refresh } = places;
  const hiddenWords =
    hidden > 0 &&
    element(
      'p',
      { class: 'problem' },
      `${counted(hidden, 'more message')} can’t be seen now: another redrive, audit or look has them. They come back by themselves.`,
    );
  if (visible === 0)
    return [
      element('p', {}, hidden > 0 ? 'None can be seen now.' : 'There are no dead letters.'),
      hiddenWords,
    ];
  const problem = element('div');
  const move = button(
    'Move them back',
    () =>
      whilePressed(
        move,
        async () => {
          await ask(`/api/redrive/${queue}`, { previewId });
          place.replaceChildren();
          await refresh();
          result.focus();
        },
        problem,
      ),
    'main',
  );
  return [
    hiddenWords,
    element(
      'p',
      {},
      `Of these dead letters, a redrive ${plan}. Correct the cause of what failed first: otherwise the messages come back.`,
    ),
    isWritable
      ? element('p', { class: 'buttons' }, move)
      : element(
          'p',
          { class: 'quiet' },
          'This console changes nothing. Start it with --write to move them back.',
        ),
    problem,
    table(
      'Dead letters',
      ['about', 'upload', 'state', 'received', 'sent', 'reason'],
      rows.map((/** @type {any} */ row) => [
        row.what,
        row.uploadId
          ? element('a', { href: `#upload/${encodeURIComponent(row.uploadId)}` }, row.uploadId)
          : `message ${row.messageId}`,
        row.state ?? '–',
        `${row.receiveCount} ×`,
        dateOf(row.sentAt),
        row.reason ?? '',
      ]),
    ),
  ];
}

/**
 * The last redrive, also of another page, or of this one before it was left.
 * @param {{ startedAt: string, endedAt?: string, problem?: string, result?: { outcomes: Record<string, number>, remarks: string[], isStopped: boolean } }} redrive
 */
function lastWords({ startedAt, endedAt, problem, result }) {
  const at = timeOf(Date.parse(startedAt));
  if (!endedAt) return [element('p', { role: 'status' }, `A redrive runs since ${at}.`)];
  const title = element('p', { class: 'quiet' }, `The last redrive, begun ${at}:`);
  return result
    ? [title, ...resultOf(result)]
    : [title, element('p', { class: 'problem' }, `It failed: ${problem}`)];
}

/** @param {{ outcomes: Record<string, number>, remarks: string[], isStopped: boolean }} result */
function resultOf({ outcomes, remarks, isStopped }) {
  const words = Object.entries(outcomes).map(
    ([outcome, count]) => `${countOf(count)} ${OUTCOMES[outcome] ?? outcome}`,
  );
  const text = words.length > 0 ? `${words.join(', ')}.` : 'Nothing was there to be moved.';
  return [
    element(
      'p',
      { role: 'status' },
      element('strong', {}, text),
      isStopped ? ' It was stopped before its end.' : '',
    ),
    remarks.length > 0 && element('ul', {}, ...remarks.map((remark) => element('li', {}, remark))),
  ];
}
