import type { Operations } from '../operations.ts';
import { countDeadLetters } from '../repair/index.ts';
import { checkedQueues } from './checked-queues.ts';
import { aboutQueue } from './operator-errors.ts';
import { samePlace } from './place-options.ts';
import { nameOf } from './redrive-report.ts';

/**
 * Looks which webhooks were not delivered: the audit itself sees bucket and table alone.
 *
 * @param queueUrl of the queue that the webhook-sender reads
 * @returns what gives the note for a person, by SQS's own count; '' where none lies in the dead-letter queue
 * @throws WrongQueue
 */
export async function undeliveredWebhooks(
  queueUrl: string,
  args: readonly string[],
  operations: Pick<Operations, 'sqs' | 'eventRules'>,
): Promise<() => Promise<string>> {
  const [pair] = await checkedQueues([{ url: queueUrl, pipeline: 'webhooks' }], undefined, operations);
  return async () => {
    const { deadLetterUrl = '' } = pair ?? {};
    const { visible, hidden } = await aboutQueue(
      deadLetterUrl,
      countDeadLetters(operations.sqs, deadLetterUrl),
    );
    const count = visible + hidden;
    if (count === 0) return '';
    const [were, their] = count === 1 ? ['webhook was', 'its'] : ['webhooks were', 'their'];
    return (
      `About ${count} ${were} not delivered, and ${count === 1 ? 'lies' : 'lie'} in ${nameOf(deadLetterUrl)}. Correct the cause: the webhook-sender's log tells it. ` +
      `Then send ${their} event${count === 1 ? '' : 's'} again:\n  ${samePlace('redrive', args, '--queue', 'webhooks')}\n`
    );
  };
}
