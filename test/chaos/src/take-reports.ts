import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

const MAX_RECEIVED = 10;

/** Takes all reports out of their queue, as a reader does, and gives their ids; one that was sent twice is there twice. */
export async function takeReports(sqs: SQSClient, QueueUrl: string): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: MAX_RECEIVED });
    const { Messages = [] } = await sqs.send(receive);
    if (Messages.length === 0) return ids;
    ids.push(...Messages.map(({ Body = '{}' }) => String(JSON.parse(Body).id)));
    const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}
