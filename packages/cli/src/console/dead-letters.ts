import { systemClock } from '@upload-once/clock';
import type { DeadLetterActions, QueueName } from '@upload-once/console';
import { createDeleteBatcher } from '@upload-once/queue';
import { uploadIdOf } from '@upload-once/uploads';
import { checkedQueues } from '../commands/checked-queues.ts';
import { aboutQueue } from '../commands/operator-errors.ts';
import { plan, rowsOf, uploadKeyOf } from '../commands/redrive-report.ts';
import type { Operations } from '../operations.ts';
import { countDeadLetters, lookAtDeadLetters, RedriveOutcome, redrive } from '../repair/index.ts';

const MOST_SHOWN = 100;
const MOST_REMARKS = 20;

/** `upload-once redrive`, for the console. */
export function createDeadLetterActions(options: {
  readonly operations: Operations;
  readonly queueUrls: Readonly<Partial<Record<QueueName, string>>>;
  readonly bucket: string | undefined;
  readonly randomBytes: (count: number) => Uint8Array;
}): DeadLetterActions {
  const { operations, queueUrls, bucket, randomBytes } = options;
  const { sqs, records } = operations;

  async function open(queue: QueueName) {
    const [pair] = await checkedQueues(
      [{ url: queueUrls[queue] ?? '', pipeline: queue }],
      bucket,
      operations,
    );
    if (!pair) throw new Error(`the queue ${queue} is not configured`);
    const { pipelines, isOfWebhooks } = pair;
    return { ...pair, purpose: { bucket, pipelines, isOfWebhooks } };
  }

  return {
    async look(queue) {
      const { deadLetterUrl, purpose } = await open(queue);
      const count = await aboutQueue(deadLetterUrl, countDeadLetters(sqs, deadLetterUrl));
      const letters = await lookAtDeadLetters(sqs, deadLetterUrl, MOST_SHOWN, { purpose });
      const keys = letters.flatMap(({ events = [] }) => events.map(({ key }) => uploadKeyOf(key)));
      const uploads = await records.uploads(keys);
      const isGoneThrough = letters.length < MOST_SHOWN;
      // SQS's count can be late. What it counts and does not give is hidden, or gone.
      const unseen = isGoneThrough ? Math.max(0, count.visible - letters.length) : 0;
      const visible = isGoneThrough ? letters.length : Math.max(count.visible, letters.length);
      const wrongQueue = letters.filter(({ isWrongQueue }) => isWrongQueue).length;
      // What is not shown is not moved: the plan is for what is.
      const seen = {
        visible: letters.length,
        shown: letters.length,
        unknown: letters.filter(({ events }) => !events).length - wrongQueue,
        wrongQueue,
      };
      return {
        rows: letters.flatMap((letter) =>
          rowsOf(letter, uploads).map(
            ({ messageId, what, key, versionId, receiveCount, sentAt, state, reason }) => ({
              messageId,
              what,
              uploadId: key === undefined ? undefined : uploadIdOf(uploadKeyOf(key)),
              versionId,
              receiveCount,
              sentAt,
              state,
              reason,
            }),
          ),
        ),
        visible,
        hidden: count.hidden + unseen,
        plan:
          plan([seen], { includeUnknown: false, deleteUnknown: undefined }) +
          notShown(visible - letters.length),
      };
    },

    async redrive(queue, messageIds, signal) {
      const { queueUrl, deadLetterUrl, purpose } = await open(queue);
      const outcomes: Record<string, number> = {};
      const remarks: string[] = [];
      await redrive({
        sqs,
        queueUrl,
        deadLetterUrl,
        purpose,
        records,
        deleter: createDeleteBatcher({
          sqs,
          queueUrl: deadLetterUrl,
          clock: systemClock,
          random: () => (randomBytes(1)[0] ?? 0) / 256,
        }),
        includeUnknown: false,
        only: new Set(messageIds),
        runId: Buffer.from(randomBytes(8)).toString('hex'),
        signal,
        onOutcome({ messageId }, outcome, reason) {
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
          if (outcome !== RedriveOutcome.moved && remarks.length < MOST_REMARKS)
            remarks.push(`${outcome.replace('-', ' ')}: message ${messageId}${reason && `: ${reason}`}`);
        },
      });
      return { outcomes, remarks, isStopped: signal.aborted };
    },
  };
}

function notShown(count: number): string {
  return count > 0
    ? `; about ${count} more are not shown, and stay: look again afterwards, or move all with "upload-once redrive"`
    : '';
}
