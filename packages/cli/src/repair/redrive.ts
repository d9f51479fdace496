import type { SQSClient } from '@aws-sdk/client-sqs';
import { CUT_OFFS_ATTRIBUTE, type DeleteBatcher, RECEIVES_ATTRIBUTE, sendMessages } from '@upload-once/queue';
import type { UploadRecords } from '@upload-once/uploads';
import { type DeadLetter, type QueuePurpose, REDRIVE_ATTRIBUTE } from './dead-letter.ts';
import { giveBack, receiveDeadLetters } from './dead-letter-queue.ts';
import { keepItems } from './keep-items.ts';
import { reasonOf } from './reason-of.ts';

/** Longer than a batch takes, so that no other consumer receives its messages meanwhile; also how soon they are back after a crash. */
const VISIBILITY_SECONDS = 120;
/**
 * Where what stays is back before the rest has been seen, messages are hidden for so many times as long from then on, and after
 * so many times (for two hours) it is given up.
 */
const VISIBILITY_GROWTH = 4;
const MAX_VISIBILITY_SECONDS = VISIBILITY_SECONDS * VISIBILITY_GROWTH ** 3;

/**
 * For how long a redrive that was killed keeps messages hidden: as a rule, and at most. It goes through
 * FEW_DEAD_LETTERS, ten at a time, within the usual time.
 */
export const REDRIVE_HIDES_SECONDS = { usual: VISIBILITY_SECONDS, most: MAX_VISIBILITY_SECONDS } as const;
export const FEW_DEAD_LETTERS = 1000;

/** What became of one message. */
export const RedriveOutcome = {
  /** It is in its queue again, and no longer in the dead-letter queue. */
  moved: 'moved',
  /** It is in its queue again, and still in the dead-letter queue. The next redrive moves it once more; that is harmless. */
  doubled: 'doubled',
  /** It is not in its queue again, and is still in the dead-letter queue. */
  failed: 'failed',
  /** No response of SQS shows whether it is in its queue again; it is still in the dead-letter queue. Harmless, as a doubled one. */
  uncertain: 'uncertain',
  /** It is none of ours, and stays. */
  unknown: 'unknown',
  /** It is an event of an upload that belongs to the other queue. Moved back, it would fail again: it stays. */
  wrongQueue: 'wrong-queue',
  /** This very redrive has moved it, and it is back already: what it failed of is not over. It stays. */
  cameBack: 'came-back',
  /** It is none of ours, or belongs to the other queue; it was saved, and is no longer in the dead-letter queue. */
  deleted: 'deleted',
  /** It is none of those that were to be moved or deleted, and stays. */
  left: 'left',
} as const;
export type RedriveOutcome = (typeof RedriveOutcome)[keyof typeof RedriveOutcome];

export interface RedriveOptions {
  readonly sqs: SQSClient;
  /** A standard queue, and its dead-letter queue. */
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
  readonly records: Pick<UploadRecords, 'keepLonger'>;
  /** For the dead-letter queue. */
  readonly deleter: DeleteBatcher;
  /** Which events the queue is for; default: any under `uploads/` and `accepted/`, of any bucket. */
  readonly purpose?: QueuePurpose;
  /** Messages that are none of ours are moved as well. */
  readonly includeUnknown: boolean;
  /** Given: only messages with these ids are moved, and the redrive ends when it has met them all. */
  readonly only?: ReadonlySet<string>;
  /**
   * Given: nothing is moved. What is none of ours, or belongs to the other queue, is saved by this, all of a batch before any of it is
   * deleted; rejects where it could not be saved, which ends the redrive.
   */
  readonly saveUnknown?: (letters: readonly DeadLetter[]) => Promise<void>;
  /** Unlike any other redrive's. */
  readonly runId: string;
  /** Ends it behind the batch that is under way. */
  readonly signal: AbortSignal;
  /** Called once for every message, with `reason` '' where there is none. */
  readonly onOutcome: (letter: DeadLetter, outcome: RedriveOutcome, reason: string) => void;
}

/**
 * Moves the messages of a dead-letter queue back to its queue until none is left that it may move, or `signal` is aborted. It ends
 * whatever the queue does: also where it gives out the same messages again and again, whether they stay or are moved already.
 *
 * For each message, in this order: receive; put off the deletion of the items that it is about, because its retention starts anew and
 * the record retention must outlive it; send, and its receives count from one again; delete. These steps are not atomic. A crash before the send leaves the message where it
 * was, hidden for two minutes (longer where so many stay that two minutes were not enough); a crash between send and delete
 * leaves it in both queues, as does a delete that fails; none loses it. Doubled messages are harmless: the services distinguish a redelivery from a duplicate.
 *
 * SQS's own StartMessageMoveTask is not used: it would move messages whose items are deleted before the message is, so that an
 * upload would end as an orphan; it moves messages that were not looked at, and those of other senders; and without a rate of its own
 * it goes on with what comes back while it runs.
 *
 * Rejects when the dead-letter queue does not respond; what was moved until then was reported. What is left is given back at once.
 */
export async function redrive(options: RedriveOptions): Promise<void> {
  const { sqs, queueUrl, deadLetterUrl, purpose = {}, records, deleter, includeUnknown, only } = options;
  const { saveUnknown, runId, signal, onOutcome } = options;
  /** Receipt handles of what stays, by message: when it is met again, this took longer than it was hidden. */
  const staying = new Map<string, string>();
  /** A standard queue may give out a message once more that was deleted (Amazon SQS Developer Guide, "At-least-once delivery"). */
  const moved = new Set<string>();

  function stays(letter: DeadLetter, outcome: RedriveOutcome, reason: string): void {
    if (!staying.has(letter.messageId)) onOutcome(letter, outcome, reason);
    staying.set(letter.messageId, letter.receiptHandle);
  }

  async function removeAgain({ receiptHandle }: DeadLetter): Promise<void> {
    // It was reported as moved, and is; if this fails, the next receive gets it once more.
    await deleter.delete(receiptHandle).catch(() => undefined);
  }

  function mayMove(letter: DeadLetter): boolean {
    if (staying.has(letter.messageId)) stays(letter, RedriveOutcome.failed, '');
    else if (letter.attributes[REDRIVE_ATTRIBUTE]?.StringValue === runId) {
      stays(letter, RedriveOutcome.cameBack, 'it was moved a moment ago, and has failed again');
    } else if (only && !only.has(letter.messageId)) {
      stays(letter, RedriveOutcome.left, 'it was not shown');
    } else if (letter.isWrongQueue) {
      stays(letter, RedriveOutcome.wrongQueue, letter.unknownReason);
    } else if (!letter.events && !includeUnknown) {
      stays(letter, RedriveOutcome.unknown, letter.unknownReason);
    } else return true;
    return false;
  }

  async function renewed(letter: DeadLetter): Promise<boolean> {
    try {
      for (const event of letter.events ?? []) await keepItems(records, event);
      return true;
    } catch (error) {
      stays(letter, RedriveOutcome.failed, `its items could not be kept longer: ${reasonOf(error)}`);
      return false;
    }
  }

  async function remove(letter: DeadLetter, done: RedriveOutcome, otherwise: RedriveOutcome): Promise<void> {
    try {
      await deleter.delete(letter.receiptHandle);
      moved.add(letter.messageId);
      onOutcome(letter, done, '');
    } catch (error) {
      stays(letter, otherwise, `it could not be deleted: ${reasonOf(error)}`);
    }
  }

  async function discard(
    letters: readonly DeadLetter[],
    save: NonNullable<typeof saveUnknown>,
  ): Promise<void> {
    const unknown = letters.filter(({ events, messageId }) => !events && !staying.has(messageId));
    for (const letter of letters) if (!unknown.includes(letter)) stays(letter, RedriveOutcome.left, '');
    try {
      if (unknown.length > 0) await save(unknown);
    } catch (error) {
      for (const { messageId, receiptHandle } of unknown) staying.set(messageId, receiptHandle);
      throw error;
    }
    await Promise.all(unknown.map((letter) => remove(letter, RedriveOutcome.deleted, RedriveOutcome.failed)));
  }

  async function move(letters: readonly DeadLetter[]): Promise<void> {
    const areRenewed = await Promise.all(letters.map(renewed));
    const ready = letters.filter((_, at) => areRenewed[at]);
    const failures = await sendMessages(
      sqs,
      queueUrl,
      ready.map(
        ({
          redriveBody: body,
          attributes: { [RECEIVES_ATTRIBUTE]: _receives, [CUT_OFFS_ATTRIBUTE]: _cutOffs, ...attributes },
        }) => ({
          body,
          attributes: { ...attributes, [REDRIVE_ATTRIBUTE]: { DataType: 'String', StringValue: runId } },
        }),
      ),
    );
    for (const [at, { reason, mayBeSent }] of failures) {
      const letter = ready[at];
      if (!letter) continue;
      if (mayBeSent) stays(letter, RedriveOutcome.uncertain, `it is unknown whether it was sent: ${reason}`);
      else stays(letter, RedriveOutcome.failed, `it could not be sent: ${reason}`);
    }
    await Promise.all(
      ready
        .filter((_, at) => !failures.has(at))
        .map((letter) => remove(letter, RedriveOutcome.moved, RedriveOutcome.doubled)),
    );
  }

  const isKnown = ({ messageId }: Pick<DeadLetter, 'messageId'>) =>
    staying.has(messageId) || moved.has(messageId);
  const isAllMet = () => only !== undefined && [...only].every((messageId) => isKnown({ messageId }));
  let visibilitySeconds = VISIBILITY_SECONDS;
  /** Met since the last message that is not known. */
  let knownInARow = 0;
  try {
    while (!signal.aborted && !isAllMet()) {
      const letters = await receiveDeadLetters(sqs, deadLetterUrl, { count: 10, visibilitySeconds, purpose });
      if (letters.length === 0) break;
      knownInARow = letters.every(isKnown) ? knownInARow + letters.length : 0;
      const again = letters.filter(({ messageId }) => moved.has(messageId));
      await Promise.all(again.map(removeAgain));
      const fresh = letters.filter((letter) => !again.includes(letter));
      if (saveUnknown) await discard(fresh, saveUnknown);
      else await move(fresh.filter(mayMove));
      if (knownInARow <= staying.size) continue;
      // One of them at least was met twice, and nothing new between.
      if (visibilitySeconds >= MAX_VISIBILITY_SECONDS) break;
      visibilitySeconds *= VISIBILITY_GROWTH;
      knownInARow = 0;
    }
  } finally {
    await giveBack(sqs, deadLetterUrl, [...staying.values()]);
  }
}
