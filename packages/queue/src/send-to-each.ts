import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** What an attempt may take. The client's own timeout allows for a long poll, and the message whose report this is waits in its slot. */
const SEND_TIMEOUT_MS = 5_000;

/** At least one of several queues is not known to have a message. */
class NotSentToEach extends Error {
  readonly code = 'NotSentToEach';
}

/**
 * Sends one message to each of several standard queues, one queue for each reader. Resolves when every queue has it durably. One
 * queue that fails does not keep the message from the others; the call may be repeated, and sends to all of them again.
 * @throws NotSentToEach naming the queues that failed, after the client's own retries; an attempt without a response ends after 5 seconds
 */
export async function sendToEach(sqs: SQSClient, queueUrls: readonly string[], body: string): Promise<void> {
  const sent = await Promise.allSettled(
    queueUrls.map((QueueUrl) =>
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }), { requestTimeout: SEND_TIMEOUT_MS }),
    ),
  );
  const failures = sent.flatMap((result, at) =>
    result.status === 'rejected' ? [{ queueUrl: queueUrls[at], error: result.reason as Error }] : [],
  );
  if (failures.length === 0) return;
  const reasons = failures.map(({ queueUrl, error }) => `${queueUrl}: ${error.name}: ${error.message}`);
  throw new NotSentToEach(
    `${failures.length} of ${queueUrls.length} queues did not take the message: ${reasons.join('; ')}`,
    { cause: failures[0]?.error },
  );
}
