import { repairName } from '@upload-once/uploads';
import type { Operations } from '../operations.ts';
import {
  countDeadLetters,
  createSendEvents,
  type Finding,
  lookAtDeadLetters,
  Pipeline,
  type RepairOutcome,
  repairFindings,
} from '../repair/index.ts';
import type { AuditCommandOptions } from './audit-options.ts';
import { checkedQueues } from './checked-queues.ts';

/** Of each queue; the names of so many take some 2 MB. */
const MAX_DEAD_LETTERS = 10_000;
/** Longer than so many take. */
const LOOK_SECONDS = 120;

/**
 * Looks into the dead-letter queues, and gives what repairs findings; or what is hidden there, which a repair has to see first. It sends
 * nothing.
 * @throws WrongQueue, QueuesNotCompared
 */
export async function prepareRepair(
  { queueUrls }: NonNullable<AuditCommandOptions['repair']>,
  {
    again,
    retryFailed,
    recordOrphans,
    bucket,
  }: Pick<AuditCommandOptions, 'again' | 'retryFailed' | 'recordOrphans' | 'bucket'>,
  operations: Operations,
  onOutcome: (outcome: RepairOutcome) => void,
) {
  const { sqs, objects, records, region } = operations;
  const named = Object.values(Pipeline).map((pipeline) => ({ url: queueUrls[pipeline], pipeline }));
  const pairs = await checkedQueues(named, bucket, operations);
  const deadLetters = new Set<string>();
  for (const { deadLetterUrl, pipelines } of again ? [] : pairs) {
    const { visible, hidden } = await countDeadLetters(sqs, deadLetterUrl);
    if (hidden > 0) return { hidden: { deadLetterUrl, hidden, visible } };
    if (visible > MAX_DEAD_LETTERS) {
      throw new Error(
        `${deadLetterUrl} has more than ${MAX_DEAD_LETTERS} messages: redrive them first, or give "upload-once audit" --again`,
      );
    }
    const letters = await lookAtDeadLetters(sqs, deadLetterUrl, MAX_DEAD_LETTERS, {
      visibilitySeconds: LOOK_SECONDS,
      purpose: { bucket, pipelines },
    });
    // SQS's count can be late. What it counts and does not give is hidden, or gone.
    const unseen = visible - letters.length;
    if (unseen > 0)
      return { hidden: { deadLetterUrl, hidden: unseen, visible: letters.length, isCountLate: true } };
    for (const { events = [] } of letters) for (const event of events) deadLetters.add(repairName(event));
  }
  const send = createSendEvents({ sqs, queueUrls, bucket, region: await region() });
  return {
    run: (findings: AsyncIterable<Finding>) =>
      repairFindings(findings, {
        objects,
        records,
        send,
        retryFailed,
        recordOrphans,
        again,
        deadLetters,
        onOutcome,
      }),
  };
}
