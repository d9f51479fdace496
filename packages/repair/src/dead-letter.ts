import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { type ObjectCreated, parseS3Event, Unprocessable } from '@upload-once/queue';
import { ACCEPTED_PREFIX, UPLOADS_PREFIX } from '@upload-once/uploads';

/** The attribute that a redriven message carries: which run has sent it. The services do not look at attributes. */
export const REDRIVE_ATTRIBUTE = 'upload-once-redrive';

/** One message of a dead-letter queue, received and in hand. */
export interface DeadLetter {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  /** How often it was received, this time included, since it was sent to its first queue. */
  readonly receiveCount: number;
  readonly sentAt: Date;
  /** What it tells of: of `uploads/` or `accepted/`, at least one; undefined: it is none of ours. */
  readonly events: readonly ObjectCreated[] | undefined;
  /** Why it is none of ours; '' for one that is. */
  readonly unknownReason: string;
}

/** What ReceiveMessage has to be asked for, so that a `DeadLetter` can be made of its answer. */
export const RECEIVE_ATTRIBUTES = {
  MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
  MessageAttributeNames: ['All'],
} as const;

/** @param bucket ours; undefined: an event of any bucket is taken for ours */
export function toDeadLetter(message: Message, bucket?: string): DeadLetter {
  const body = message.Body ?? '';
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body,
    attributes: message.MessageAttributes ?? {},
    receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
    sentAt: new Date(Number(message.Attributes?.SentTimestamp ?? 0)),
    ...read(body, bucket),
  };
}

function read(body: string, bucket: string | undefined): Pick<DeadLetter, 'events' | 'unknownReason'> {
  try {
    const events = parseS3Event(body);
    const foreign = events.find(
      ({ key }) => ![UPLOADS_PREFIX, ACCEPTED_PREFIX].some((prefix) => key.startsWith(prefix)),
    );
    const elsewhere = bucket === undefined ? undefined : events.find((event) => event.bucket !== bucket);
    if (elsewhere) return unknown(`it tells of the bucket ${elsewhere.bucket}, not of ${bucket}`);
    if (foreign)
      return unknown(
        `it tells of ${foreign.key}, which is neither under ${UPLOADS_PREFIX} nor under ${ACCEPTED_PREFIX}`,
      );
    return events.length > 0 ? { events, unknownReason: '' } : unknown('it tells of no new version');
  } catch (error) {
    if (error instanceof Unprocessable) return unknown(error.message);
    throw error;
  }
}

function unknown(unknownReason: string) {
  return { events: undefined, unknownReason };
}
