import { QueueWithoutRedrivePolicy } from '@upload-once/queue';
import type { EventRule } from '@upload-once/uploads';
import type { Operations } from '../operations.ts';
import {
  eventQueueArns,
  openQueuePair,
  Pipeline,
  pipelinesOf,
  type QueuePair,
  WrongQueue,
} from '../repair/index.ts';
import { aboutQueue } from './operator-errors.ts';
import { OPTION_OF } from './operator-options.ts';

/** A queue as the command line names it. */
export interface NamedQueue {
  readonly url: string;
  /** What the queue was given as; undefined: as a URL alone. */
  readonly pipeline: Pipeline | 'webhooks' | undefined;
}

export interface CheckedQueue extends QueuePair {
  /** What the bucket uses it for; undefined: no bucket was given, and it was not compared. */
  readonly pipelines: readonly Pipeline[] | undefined;
  readonly isOfWebhooks: boolean;
}

/** AWS did not say to which queues the bucket sends its events. Nothing was done. */
export class QueuesNotCompared extends Error {
  readonly code = 'QueuesNotCompared';
}

const READER_OF = { uploads: 'acceptor', accepted: 'processor', webhooks: 'webhook-sender' } as const;
const OTHER = { uploads: Pipeline.accepted, accepted: Pipeline.uploads } as const;

/**
 * Queues and their dead-letter queues, held to the bucket's own notification configuration: an event that is sent to a queue of another
 * purpose is never handled, and a repair that sent it would take it for sent. The bucket sends none to the queue of webhooks.
 *
 * @param bucket undefined: the queues are not compared
 * @throws WrongQueue before anything is sent or received, also for a queue that does not exist; QueuesNotCompared
 */
export async function checkedQueues(
  named: readonly NamedQueue[],
  bucket: string | undefined,
  { sqs, eventRules }: Pick<Operations, 'sqs' | 'eventRules'>,
): Promise<CheckedQueue[]> {
  const pairs: (QueuePair & { readonly isOfWebhooks: boolean })[] = [];
  for (const queue of named)
    pairs.push({ ...(await openNamed(queue, sqs)), isOfWebhooks: queue.pipeline === 'webhooks' });
  if (bucket === undefined) return pairs.map((pair) => ({ ...pair, pipelines: undefined }));
  const rules = await eventRules().catch((error) => {
    throw isDenied(error) ? notCompared(bucket, error) : error;
  });
  return pairs.map((pair, at) => {
    const pipelines = pipelinesOf(rules, pair.queueArn);
    const pipeline = named[at]?.pipeline;
    if (pipeline === 'webhooks') {
      if (pipelines.length === 0) return { ...pair, pipelines };
      throw new WrongQueue(
        `${OPTION_OF.webhooks} is ${pair.queueUrl}, to which the bucket "${bucket}" sends its events under ${pipelines.join('/ and ')}/. Give ${OPTION_OF.webhooks} the URL of the queue that the webhook-sender reads`,
      );
    }
    if (pipeline === undefined ? pipelines.length > 0 : pipelines.includes(pipeline))
      return { ...pair, pipelines };
    throw new WrongQueue(whatIsWrong(pair, pipeline, pipelines, rules, bucket));
  });
}

async function openNamed({ url, pipeline }: NamedQueue, sqs: Operations['sqs']): Promise<QueuePair> {
  try {
    return await aboutQueue(url, openQueuePair(sqs, url), (message) => new WrongQueue(message));
  } catch (error) {
    if (!(error instanceof WrongQueue && error.cause instanceof QueueWithoutRedrivePolicy)) throw error;
    const instead =
      pipeline === undefined
        ? `Give --queue uploads for the queue that the acceptor reads (UPLOAD_EVENTS_QUEUE_URL), --queue accepted for the one that the processor reads (ACCEPTED_EVENTS_QUEUE_URL), or the URL of one of them`
        : `Give ${OPTION_OF[pipeline]} the URL of the queue that the ${READER_OF[pipeline]} reads`;
    throw new WrongQueue(`${error.message} ${instead}`, { cause: error });
  }
}

function whatIsWrong(
  { queueUrl, queueArn }: QueuePair,
  pipeline: Pipeline | undefined,
  pipelines: readonly Pipeline[],
  rules: readonly EventRule[],
  bucket: string,
): string {
  const namedFor = (of: Pipeline) => eventQueueArns(rules, of).map(queueWords).join(' and ') || 'no queue';
  if (pipeline === undefined) {
    return (
      `the bucket "${bucket}" sends no events to ${queueUrl} (${queueArn}). Those under uploads/ go to ${namedFor(Pipeline.uploads)}, ` +
      `those under accepted/ to ${namedFor(Pipeline.accepted)}. ` +
      'Give --queue uploads, --queue accepted or the URL of one of these queues, or correct the bucket'
    );
  }
  const isSwapped = pipelines.includes(OTHER[pipeline]);
  return (
    `${OPTION_OF[pipeline]} is ${queueUrl}, but the bucket "${bucket}" sends its events under ${pipeline}/ to ${namedFor(pipeline)}. ` +
    (isSwapped
      ? `The queue that was given takes the events under ${OTHER[pipeline]}/: the two queues are swapped. Exchange the values of ${OPTION_OF.uploads} and ${OPTION_OF.accepted}`
      : eventQueueArns(rules, pipeline).length > 0
        ? `Give ${OPTION_OF[pipeline]} the URL of that queue, or correct the bucket`
        : "Correct the bucket's notification configuration first")
  );
}

/** A queue by the name that its URL ends with, from its ARN. */
function queueWords(queueArn: string): string {
  const [, , , region, account, name] = queueArn.split(':');
  return `the queue "${name}" (region ${region}, account ${account})`;
}

function isDenied(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode === 403;
}

function notCompared(bucket: string, cause: Error): QueuesNotCompared {
  return new QueuesNotCompared(
    `AWS does not allow this command to read to which queues the bucket "${bucket}" sends its events (${cause.message || cause.name}). ` +
      'Without that it could send events to a wrong queue, so it sends none. ' +
      'Allow s3:GetBucketNotification on the bucket: docs/operations.md has all permissions',
    { cause },
  );
}
