import { announce, button, element, fillWith, section, table, whilePressed } from './dom.mjs';
import { counted, countOf, dateOf } from './format.mjs';
import { ask } from './service.mjs';
import { current, onChange, take } from './store.mjs';

/** @import { State } from './store.mjs' */

const OUTCOMES = /** @type {Record<string, string>} */ ({
  sent: 'its event was sent now',
  uncertain: 'SQS did not confirm its event',
  'not-sent': 'its event was not sent',
  'sent-before': 'an earlier repair sent its event',
  'dead-letter': 'its message lies in the dead-letter queue',
  left: 'left alone',
});

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
  const place = element('div');
  const run = button(
    'Run the audit',
    () =>
      minutes.reportValidity() &&
      whilePressed(
        run,
        async () => take('audit', await ask('/api/audit/start', { olderThanMinutes: Number(minutes.value) })),
        problem,
      ),
    'main',
  );

  function show() {
    const { audit, isWritable } = current() ?? state;
    fillWith(place, audit ? resultOf(audit, isWritable) : []);
  }
  onChange((event, data) => {
    if (event !== 'audit' && event !== 'state') return;
    show();
    if (event === 'audit' && !data.isRunning)
      announce(`The audit has ended: ${counted(data.found, 'finding')}.`);
  }, signal);
  show();
  return [
    heading,
    element(
      'p',
      {},
      'The audit compares the bucket and the table, and names uploads that did not finish. It reads both from one end to the other, and changes nothing.',
    ),
    element(
      'div',
      { class: 'ask' },
      element('label', { for: 'older-than' }, 'Only what is older than so many minutes'),
      minutes,
      run,
    ),
    problem,
    place,
  ];
}

/** @param {any} audit @param {boolean} isWritable */
function resultOf(audit, isWritable) {
  const { id, isRunning, isRepair, olderThanMinutes, startedAt, progress, findings, found, remark, problem } =
    audit;
  const shownProblem = element('div');
  const stop = button('Stop', () => whilePressed(stop, () => ask('/api/audit/stop', {}), shownProblem));
  const repairable = findings.filter(
    (/** @type {any} */ { kind }) => kind !== 'failed' && kind !== 'unclaimed',
  ).length;
  const repair = button(
    'Send the missing events again',
    () =>
      whilePressed(
        repair,
        async () => take('audit', await ask('/api/audit/repair', { auditId: id })),
        shownProblem,
      ),
    'main',
  );
  const what = isRepair ? 'The repair' : 'The audit';
  const seen = `${countOf(progress.versions)} versions and ${countOf(progress.items)} items were looked at.`;
  const young = [
    progress.tooYoung > 0 ? `${countOf(progress.tooYoung)} are too young to be judged.` : '',
    progress.leased > 0 ? `${countOf(progress.leased)} are being processed.` : '',
  ];
  const isRepairOffered = !isRunning && !isRepair && !problem && repairable > 0;
  return [
    section(
      isRunning ? `${what} runs` : `${what} found ${found === 0 ? 'nothing' : counted(found, 'upload')}`,
      element(
        'p',
        { class: 'quiet' },
        `Begun ${dateOf(startedAt)}. Only what is older than ${counted(olderThanMinutes, 'minute')} is named.`,
      ),
      element('p', {}, [seen, ...young].filter(Boolean).join(' ')),
      problem && element('p', { class: 'problem' }, `It did not come to its end: ${problem}.`),
      remark !== '' && element('p', {}, `${remark}.`),
      isRunning && element('p', { class: 'buttons' }, stop),
      findings.length > 0 && findingTable(findings, isRepair),
      found > findings.length &&
        element(
          'p',
          {},
          `Only the first ${countOf(findings.length)} are shown. "upload-once audit" lists all.`,
        ),
      isRepairOffered &&
        (isWritable
          ? element(
              'div',
              {},
              element(
                'p',
                {},
                'A repair sends the missing events of these uploads to their queues again. Failed uploads and what lies in a dead-letter queue are left alone.',
              ),
              element('p', { class: 'buttons' }, repair),
            )
          : element(
              'p',
              { class: 'quiet' },
              'This console changes nothing. Start it with --write to send the missing events again.',
            )),
      shownProblem,
    ),
  ];
}

/** @param {any[]} findings @param {boolean} isRepair */
function findingTable(findings, isRepair) {
  const rows = findings.map(({ kind, uploadId, state, since, detail, outcome, remark }) => [
    kind,
    element('a', { href: `#upload/${encodeURIComponent(uploadId)}` }, uploadId),
    state ?? '–',
    dateOf(since),
    detail,
    ...(isRepair ? [remark || OUTCOMES[outcome] || outcome] : []),
  ]);
  const heads = ['finding', 'upload', 'state', 'since', 'what is missing', ...(isRepair ? ['repair'] : [])];
  return table('Findings', heads, rows);
}
