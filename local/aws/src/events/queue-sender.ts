import {
  GetQueueUrlCommand,
  QueueDoesNotExist,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** Sends to queues by their ARN, as the notification configuration of a bucket names them. */
export interface QueueSender {
  send(queueArn: string, body: string): Promise<void>;
  /** Whether there is such a queue. */
  exists(queueArn: string): Promise<boolean>;
}

export function createQueueSender(client: SQSClient): QueueSender {
  const urls = new Map<string, string>();

  async function urlOf(queueArn: string): Promise<string> {
    const known = urls.get(queueArn);
    if (known !== undefined) return known;
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: queueArn.split(':').at(-1) }));
    if (QueueUrl === undefined) throw new Error(`SQS gave no URL for ${queueArn}`);
    urls.set(queueArn, QueueUrl);
    return QueueUrl;
  }

  return {
    async send(queueArn, body) {
      await client.send(new SendMessageCommand({ QueueUrl: await urlOf(queueArn), MessageBody: body }));
    },
    async exists(queueArn) {
      try {
        await urlOf(queueArn);
        return true;
      } catch (error) {
        if (error instanceof QueueDoesNotExist) return false;
        throw error;
      }
    },
  };
}
