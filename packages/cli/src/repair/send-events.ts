import type { SQSClient } from '@aws-sdk/client-sqs';
import { type SendFailure, sendMessages, writeS3Event } from '@upload-once/queue';
import { type MissingEvent, Pipeline } from './finding.ts';

/** As S3 would call what made the version: a form, the acceptor's copy, or another writer. */
function eventNameOf({ pipeline, isCopy }: MissingEvent): string {
  if (pipeline === Pipeline.uploads) return 'ObjectCreated:Post';
  return isCopy ? 'ObjectCreated:Copy' : 'ObjectCreated:Put';
}

/**
 * Puts missing events into the queues of their pipelines. It never rejects.
 * @returns what failed, with what is known of it; an event that is not among these is in its queue
 */
export type SendEvents = (
  events: readonly MissingEvent[],
) => Promise<ReadonlyMap<MissingEvent, SendFailure & { readonly queueUrl: string }>>;

/** @param options.region of the bucket */
export function createSendEvents(options: {
  readonly sqs: SQSClient;
  readonly queueUrls: Readonly<Record<Pipeline, string>>;
  readonly bucket: string;
  readonly region: string;
}): SendEvents {
  const { sqs, queueUrls, bucket, region } = options;
  return async (events) => {
    const failed = new Map<MissingEvent, SendFailure & { readonly queueUrl: string }>();
    for (const pipeline of Object.values(Pipeline)) {
      const queueUrl = queueUrls[pipeline];
      const own = events.filter((event) => event.pipeline === pipeline);
      const messages = own.map((event) => ({
        body: writeS3Event({ ...event, bucket, eventName: eventNameOf(event) }, region),
      }));
      for (const [at, failure] of await sendMessages(sqs, queueUrl, messages)) {
        const event = own[at];
        if (event) failed.set(event, { ...failure, queueUrl });
      }
    }
    return failed;
  };
}
