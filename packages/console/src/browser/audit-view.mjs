import { auditPanel } from './audit-panel.mjs';
import { announce, button, element, fillWith, whilePressed } from './dom.mjs';
import { counted } from './format.mjs';
import { ask } from './service.mjs';
import { current, onChange, take } from './store.mjs';

/** @import { State } from './store.mjs' */

/**
 * Names uploads that did not finish, and sends their events again.
 * @param {State} state
 * @param {AbortSignal} signal
 */
export function auditView(state, signal) {
  const heading = element('h2', { tabindex: '-1' }, 'Audit');
  if (!state.hasAudit)
    return [
      heading,
      element(
        'p',
        {},
        'The audit needs the bucket and both queues: set BUCKET, UPLOAD_EVENTS_QUEUE_URL and ACCEPTED_EVENTS_QUEUE_URL.',
      ),
    ];
  const minutes = element('input', {
    type: 'number',
    id: 'older-than',
    min: '0',
    max: '525600',
    value: '15',
    required: true,
  });
  const problem = element('div');
  const runs = element(
    'p',
    { class: 'quiet', hidden: true },
    'One runs at a time: stop it, or wait for its end.',
  );
  const place = element('div');
  const placeOfLast = element('div');
  const run = button(
    'Run the audit',
    async () => {
      if (!minutes.reportValidity()) return;
      await whilePressed(
        run,
        async () => take('audit', await ask('/api/audit/start', { olderThanMinutes: Number(minutes.value) })),
        problem,
      );
      show();
    },
    'main',
  );
  /** @type {ReturnType<typeof auditPanel> | undefined} */
  let panel;
  let shownLast = '';

  /** The parts of an audit stay while it runs: a press on Stop, the focus and a selected text are not lost. */
  function show() {
    const { audit, isWritable } = current() ?? state;
    const isRunning = audit?.isRunning === true;
    if (isRunning) run.setAttribute('aria-disabled', 'true');
    else run.removeAttribute('aria-disabled');
    runs.hidden = !isRunning;
    if (!audit) return;
    if (panel?.name !== nameOf(audit)) {
      const hadFocus = place.contains(document.activeElement);
      panel = auditPanel(nameOf(audit), audit, isWritable);
      fillWith(place, [panel.element]);
      if (hadFocus) panel.focus();
    }
    panel.show(audit);
    const { lastRepair } = audit;
    const last = lastRepair ? nameOf(lastRepair) : '';
    if (last === shownLast) return;
    shownLast = last;
    const lastPanel = lastRepair && auditPanel(last, lastRepair, false, 'The last repair before');
    lastPanel?.show(lastRepair);
    fillWith(placeOfLast, [lastPanel?.element]);
  }
  onChange((event, data) => {
    if (event !== 'audit' && event !== 'state') return;
    show();
    if (event === 'audit' && !data.isRunning)
      announce(`The ${data.isRepair ? 'repair' : 'audit'} has ended: ${counted(data.found, 'finding')}.`);
  }, signal);
  show();
  return [
    heading,
    element(
      'p',
      {},
      'The audit compares the bucket and the table, and names uploads that did not finish. It reads both from one end to the other, and changes nothing. A repair reads both once more.',
    ),
    element(
      'p',
      { class: 'quiet' },
      'AWS bills them: a list request for each 1,000 versions, a read unit or more for the items of each version, and a Scan of the whole table. An audit goes on when you close the page, until its end or until you stop it.',
    ),
    element(
      'div',
      { class: 'ask' },
      element('label', { for: 'older-than' }, 'Least age in minutes'),
      minutes,
      run,
    ),
    runs,
    problem,
    place,
    placeOfLast,
  ];
}

/** A console that was started again counts from 1. @param {{ id: number, startedAt: string }} audit */
function nameOf({ id, startedAt }) {
  return `${id} ${startedAt}`;
}
