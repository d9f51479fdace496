import type { SQSClient } from '@aws-sdk/client-sqs';
import { sendMessages, writeS3Event } from '@upload-once/queue';
import { type MissingEvent, Pipeline } from './finding.ts';

/** As S3 would call what made the version: a form, the acceptor's copy, or somebody else. */
function eventNameOf({ pipeline, isCopy }: MissingEvent): string {
  if (pipeline === Pipeline.uploads) return 'ObjectCreated:Post';
  return isCopy ? 'ObjectCreated:Copy' : 'ObjectCreated:Put';
}

/** SQS refused events, or gave no answer; some of them, and of those of other batches, may be in the queue. */
export class EventsNotSent extends Error {
  readonly code = 'EventsNotSent';
}

/**
 * A function that puts missing events into the queues of their pipelines.
 * @param options.region of the bucket
 * @returns it resolves when all are in their queues; otherwise it rejects with EventsNotSent, and may be called again with the same
 */
export function createSendEvents(options: {
  readonly sqs: SQSClient;
  readonly queueUrls: Readonly<Record<Pipeline, string>>;
  readonly bucket: string;
  readonly region: string;
}): (events: readonly MissingEvent[]) => Promise<void> {
  const { sqs, queueUrls, bucket, region } = options;
  return async (events) => {
    for (const pipeline of Object.values(Pipeline)) {
      const messages = events
        .filter((event) => event.pipeline === pipeline)
        .map((event) => ({
          body: writeS3Event({ ...event, bucket, eventName: eventNameOf(event) }, region),
        }));
      const failures = await sendMessages(sqs, queueUrls[pipeline], messages);
      const [reason] = failures.values();
      if (reason === undefined) continue;
      throw new EventsNotSent(
        `${failures.size} of ${messages.length} events could not be sent to ${queueUrls[pipeline]}: ${reason}`,
      );
    }
  };
}
