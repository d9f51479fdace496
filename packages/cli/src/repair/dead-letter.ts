import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { type ObjectCreated, parseS3Event, Unprocessable } from '@upload-once/queue';
import { ACCEPTED_PREFIX, UPLOADS_PREFIX } from '@upload-once/uploads';
import { Pipeline } from './finding.ts';
import { readWebhookLetter, type WebhookLetter } from './webhook-letter.ts';

/** The attribute that a redriven message carries: which run has sent it. The services do not look at attributes. */
export const REDRIVE_ATTRIBUTE = 'upload-once-redrive';

/** What a message is about: a version that S3 reports, or the event of a webhook. */
export interface LetterEvent {
  readonly what: 'upload' | 'accepted' | WebhookLetter['event']['what'];
  readonly key: string;
  readonly versionId: string;
  /** When S3 stored the version; a webhook does not say it. */
  readonly storedAt?: Date;
}

/** One message of a dead-letter queue, received and in flight. */
export interface DeadLetter {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** What a redrive sends. */
  readonly redriveBody: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  /** How often it was received, this time included, since it was sent to its first queue. */
  readonly receiveCount: number;
  readonly sentAt: Date;
  /** What it is about, at least one; undefined: none of ours, or none for this queue. */
  readonly events: readonly LetterEvent[] | undefined;
  /** It is an event of an upload, and no service that reads this queue can handle it: it belongs to the other queue. */
  readonly isWrongQueue: boolean;
  /** Why it has no events that this queue's service can handle; '' where it has. */
  readonly unknownReason: string;
}

/** Which events a queue is for. What is undefined is not held against a message. */
export interface QueuePurpose {
  readonly bucket?: string | undefined;
  readonly pipelines?: readonly Pipeline[] | undefined;
  /** It is the webhook-sender's, and takes no events of S3. */
  readonly isOfWebhooks?: boolean;
}

/** What ReceiveMessage has to be asked for, so that a `DeadLetter` can be made of its response. */
export const RECEIVE_ATTRIBUTES = {
  MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
  MessageAttributeNames: ['All'],
} as const;

export function toDeadLetter(message: Message, purpose: QueuePurpose = {}): DeadLetter {
  const body = message.Body ?? '';
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body,
    redriveBody: body,
    attributes: message.MessageAttributes ?? {},
    receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
    sentAt: new Date(Number(message.Attributes?.SentTimestamp ?? 0)),
    ...(purpose.isOfWebhooks ? readWebhook(body) : read(body, purpose)),
  };
}

type Reading = Pick<DeadLetter, 'events' | 'isWrongQueue' | 'unknownReason'>;

function readWebhook(body: string): Reading & { readonly redriveBody?: string } {
  const letter = readWebhookLetter(body);
  if (!letter) return unknown('it is neither an event of an upload nor the report of a duplicate');
  return { events: [letter.event], isWrongQueue: false, unknownReason: '', redriveBody: letter.body };
}

function read(body: string, { bucket, pipelines }: QueuePurpose): Reading {
  let events: readonly ObjectCreated[];
  try {
    events = parseS3Event(body);
  } catch (error) {
    if (error instanceof Unprocessable) return unknown(error.message);
    throw error;
  }
  const elsewhere = bucket === undefined ? undefined : events.find((event) => event.bucket !== bucket);
  if (elsewhere) return unknown(`it is about the bucket ${elsewhere.bucket}, not ${bucket}`);
  const foreign = events.find(({ key }) => pipelineOf(key) === undefined);
  if (foreign)
    return unknown(
      `it is about ${foreign.key}, which is neither under ${UPLOADS_PREFIX} nor under ${ACCEPTED_PREFIX}`,
    );
  if (events.length === 0) return unknown('it is about no new version');
  const misplaced = events.find(({ key }) => !(pipelines?.includes(pipelineOf(key) as Pipeline) ?? true));
  if (misplaced)
    return {
      ...unknown(
        `wrong queue: it is about ${misplaced.key}, which the bucket sends to another queue. No service that reads this one can handle it`,
      ),
      isWrongQueue: true,
    };
  return { events: events.map(letterEventOf), isWrongQueue: false, unknownReason: '' };
}

function letterEventOf({ key, versionId, storedAt }: ObjectCreated): LetterEvent {
  return { what: key.startsWith(ACCEPTED_PREFIX) ? 'accepted' : 'upload', key, versionId, storedAt };
}

function pipelineOf(key: string): Pipeline | undefined {
  if (key.startsWith(UPLOADS_PREFIX)) return Pipeline.uploads;
  return key.startsWith(ACCEPTED_PREFIX) ? Pipeline.accepted : undefined;
}

function unknown(unknownReason: string): Reading {
  return { events: undefined, isWrongQueue: false, unknownReason };
}
