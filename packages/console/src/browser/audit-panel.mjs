import { button, element, section, setText, table, tableRow, whilePressed } from './dom.mjs';
import { counted, countOf, dateOf } from './format.mjs';
import { ask } from './service.mjs';
import { take } from './store.mjs';

const OUTCOMES = /** @type {Record<string, string>} */ ({
  sent: 'its event was sent now',
  uncertain: 'SQS did not confirm its event',
  'not-sent': 'its event was not sent',
  'sent-before': 'an earlier repair sent its event',
  'dead-letter': 'its message lies in the dead-letter queue',
  left: 'left alone',
});

/**
 * One audit or repair. It is made once, and then shows each state of it: rows are added, and texts change.
 * @param {string} name which audit it is of
 * @param {any} audit
 * @param {boolean} isWritable
 * @param {string} [ownTitle] in the place of one that says how it ended
 */
export function auditPanel(name, { id, isRepair, startedAt, olderThanMinutes }, isWritable, ownTitle) {
  const shownProblem = element('div');
  const counts = element('p');
  const so = element('p', { hidden: true });
  const problem = element('p', { class: 'problem', hidden: true });
  const remark = element('p', { hidden: true });
  const more = element('p', { hidden: true });
  const stop = button('Stop', () => whilePressed(stop, () => ask('/api/audit/stop', {}), shownProblem));
  const stopping = element('p', { class: 'buttons', hidden: true }, stop);
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
  const offer = isWritable
    ? element(
        'div',
        { hidden: true },
        element(
          'p',
          {},
          'A repair sends the missing events of these uploads to their queues again. Failed uploads and what lies in a dead-letter queue are left alone.',
        ),
        element('p', { class: 'buttons' }, repair),
      )
    : element(
        'p',
        { class: 'quiet', hidden: true },
        'This console changes nothing. Start it with --write to send the missing events again.',
      );
  const heads = ['finding', 'upload', 'state', 'since', 'what is missing', ...(isRepair ? ['repair'] : [])];
  const findingTable = table(ownTitle ? `Findings of ${ownTitle.toLowerCase()}` : 'Findings', heads, []);
  const rows = /** @type {HTMLElement} */ (findingTable.querySelector('tbody'));
  findingTable.hidden = true;
  const made = section(
    ownTitle ?? `${isRepair ? 'Repair' : 'Audit'} ${id}`,
    element(
      'p',
      { class: 'quiet' },
      `Begun ${dateOf(startedAt)}. What is younger than ${counted(olderThanMinutes, 'minute')} is left out.`,
    ),
    counts,
    so,
    problem,
    remark,
    stopping,
    findingTable,
    more,
    offer,
    shownProblem,
  );
  const heading = /** @type {HTMLElement} */ (made.querySelector('h3'));
  heading.tabIndex = -1;

  return {
    name,
    element: made,
    focus: () => heading.focus(),
    show(/** @type {any} */ audit) {
      const { isRunning, findings, found } = audit;
      if (ownTitle === undefined) setText(heading, titleOf(audit));
      setText(counts, countWords(audit.progress));
      const isUnfinished = isRunning || audit.problem;
      setText(so, isUnfinished ? `Found so far: ${countOf(found)}.` : '');
      setText(problem, audit.problem ? `It did not come to its end: ${audit.problem}.` : '');
      setText(remark, audit.remark ? `${audit.remark}.` : '');
      if (!isRunning && document.activeElement === stop) heading.focus();
      stopping.hidden = !isRunning;
      findingTable.hidden = findings.length === 0;
      for (const finding of findings.slice(rows.childElementCount))
        rows.append(tableRow(cellsOf(finding, isRepair)));
      setText(
        more,
        found > findings.length
          ? `Only the first ${countOf(findings.length)} are shown. "upload-once audit" lists all.`
          : '',
      );
      offer.hidden = isUnfinished || isRepair || ownTitle !== undefined || !findings.some(canBeRepaired);
    },
  };
}

/** @param {any} audit */
function titleOf({ isRunning, isRepair, isStopped, problem, found }) {
  const what = isRepair ? 'The repair' : 'The audit';
  if (isRunning) return `${what} runs`;
  if (isStopped) return `${what} was stopped`;
  if (problem) return `${what} failed`;
  if (isRepair)
    return found === 0
      ? 'The repair had nothing to do'
      : `The repair went through ${counted(found, 'upload')}`;
  return `The audit found ${found === 0 ? 'nothing' : counted(found, 'upload')}`;
}

/** @param {any} progress */
function countWords({ versions, items, tooYoung, leased }) {
  const words = [
    `${countOf(versions)} versions and ${countOf(items)} items were looked at.`,
    tooYoung > 0 ? `${countOf(tooYoung)} are too young to be judged.` : '',
    leased > 0 ? `${countOf(leased)} are being processed.` : '',
  ];
  return words.filter(Boolean).join(' ');
}

/** @param {any} finding */
function canBeRepaired({ kind }) {
  return !['failed', 'unclaimed', 'covered'].includes(kind);
}

/** @param {any} finding @param {boolean} isRepair */
function cellsOf({ kind, uploadId, state, since, detail, outcome, remark }, isRepair) {
  return [
    kind,
    element('a', { href: `#upload/${encodeURIComponent(uploadId)}` }, uploadId),
    state ?? '–',
    dateOf(since),
    detail,
    ...(isRepair ? [remark || OUTCOMES[outcome] || outcome] : []),
  ];
}
