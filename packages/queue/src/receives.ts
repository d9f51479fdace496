import type { Message } from '@aws-sdk/client-sqs';
import type { DeliveryFacts } from './delivery.ts';
import type { OutgoingMessage } from './send-messages.ts';

/**
 * The attribute of a copy (see `DrainLimitReached`, `NotBegun` and `Postponed`): how often the message was received before, as a number. SQS counts the receives of
 * the copy from one. A redrive leaves the attribute out.
 */
export const RECEIVES_ATTRIBUTE = 'upload-once-receives';

/** The attribute of a copy that says how often a stop has cut off the work on the message, as a number. */
export const CUT_OFFS_ATTRIBUTE = 'upload-once-cut-offs';

/** How often the queue has given out this very message, this time included. */
export function receivesOfQueue(message: Message): number {
  return Number(message.Attributes?.ApproximateReceiveCount ?? 1);
}

/**
 * What a message is by the maxReceiveCount that is known now. The receives that a copy brings along leave it one at least, also
 * where maxReceiveCount was lowered since: no copy goes to the dead-letter queue that was not handled.
 */
export function factsOf(message: Message, maxReceiveCount: number): DeliveryFacts {
  const receiveCount = Math.min(receivesBefore(message), maxReceiveCount - 1) + receivesOfQueue(message);
  return {
    messageId: message.MessageId ?? '',
    body: message.Body ?? '',
    receiveCount,
    isLastReceive: receiveCount >= maxReceiveCount,
  };
}

/** Whether the message has had its last receive, though its queue still gives it out: SQS does not count what a copy brings along. */
export function isSpent(message: Message, maxReceiveCount: number): boolean {
  return (
    factsOf(message, maxReceiveCount).receiveCount > maxReceiveCount &&
    receivesOfQueue(message) <= maxReceiveCount
  );
}

/** How often stops have cut off the work on the message before, as far as its copies say. */
export function cutOffsBefore(message: Message): number {
  return countIn(message, CUT_OFFS_ATTRIBUTE);
}

/**
 * The same message once more, with the receives that it has had before this one, which does not count.
 * @param cutOffs how often stops have cut off the work on it by now
 */
export function copyOf(message: Message, { receiveCount }: DeliveryFacts, cutOffs: number): OutgoingMessage {
  return {
    body: message.Body ?? '',
    attributes: {
      ...message.MessageAttributes,
      [RECEIVES_ATTRIBUTE]: { DataType: 'Number', StringValue: String(receiveCount - 1) },
      [CUT_OFFS_ATTRIBUTE]: { DataType: 'Number', StringValue: String(cutOffs) },
    },
  };
}

/** A message that takes the place of this one, and has had no receives. */
export function replacementOf(message: Message, body: string): OutgoingMessage {
  return {
    body,
    attributes: {
      ...message.MessageAttributes,
      [RECEIVES_ATTRIBUTE]: { DataType: 'Number', StringValue: '0' },
      [CUT_OFFS_ATTRIBUTE]: { DataType: 'Number', StringValue: '0' },
    },
  };
}

function receivesBefore(message: Message): number {
  return countIn(message, RECEIVES_ATTRIBUTE);
}

/** A number that is none, or below 0, counts for 0. */
function countIn({ MessageAttributes }: Message, attribute: string): number {
  const count = Number(MessageAttributes?.[attribute]?.StringValue ?? 0);
  return Number.isInteger(count) && count > 0 ? count : 0;
}
