import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Stack } from '@upload-once/local-stack/stack.ts';

const NAME = 'bench-bare-chain';
/** As the services poll. */
const LONG_POLL_SECONDS = 20;
const MAX_MESSAGES = 10;

interface S3EventMessage {
  readonly Records?: readonly { readonly eventTime: string; readonly s3: { object: { key: string } } }[];
}

/** The baseline: what S3 and SQS take by themselves, without upload-once. */
export interface BareChain {
  readonly bucket: string;
  /** Stores one object, and gives the milliseconds from when S3 had it to when its event was received. */
  leadTimeMs(content: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** A separate bucket in the stack's S3 that notifies a separate queue. The queue is long-polled as the services do. */
export async function openBareChain(stack: Stack): Promise<BareChain> {
  const common = { region: stack.region, credentials: stack.credentials };
  const s3 = new S3Client({ ...common, endpoint: stack.endpoints.s3, forcePathStyle: true });
  const sqs = new SQSClient({ ...common, endpoint: stack.endpoints.sqs });
  const stopping = new AbortController();
  const received = new Map<string, (leadTimeMs: number) => void>();
  const deletions = new Set<Promise<unknown>>();
  let serial = 0;

  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: NAME }));
  await createBucketThatTells(s3, await arnOf(sqs, QueueUrl));

  async function poll(): Promise<void> {
    const receive = {
      QueueUrl,
      MaxNumberOfMessages: MAX_MESSAGES,
      WaitTimeSeconds: LONG_POLL_SECONDS,
    };
    while (!stopping.signal.aborted) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(receive), {
        abortSignal: stopping.signal,
      });
      const receivedAtMs = Date.now();
      for (const { eventTime, s3: notified } of Messages.flatMap(recordsOf)) {
        received.get(notified.object.key)?.(receivedAtMs - Date.parse(eventTime));
      }
      if (Messages.length > 0) remove(Messages);
    }
  }

  function remove(messages: readonly Message[]): void {
    const Entries = messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
    const deletion = sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    deletions.add(deletion);
    deletion.then(
      () => deletions.delete(deletion),
      () => undefined,
    );
  }

  const polling = poll();
  const pollFailed = new Promise<never>((_, reject) => polling.catch(reject));
  pollFailed.catch(() => undefined);

  return {
    bucket: NAME,
    async leadTimeMs(content) {
      serial += 1;
      const Key = `small-${serial}`;
      const { promise, resolve } = Promise.withResolvers<number>();
      received.set(Key, resolve);
      await s3.send(new PutObjectCommand({ Bucket: NAME, Key, Body: content }));
      const leadTimeMs = await Promise.race([promise, pollFailed]);
      received.delete(Key);
      return leadTimeMs;
    },
    async close() {
      stopping.abort();
      await polling.catch(() => undefined);
      await Promise.all(deletions);
      s3.destroy();
      sqs.destroy();
    },
  };
}

/** S3 sends a test event first, which has no records. */
function recordsOf(message: Message) {
  return (JSON.parse(message.Body ?? '{}') as S3EventMessage).Records ?? [];
}

async function arnOf(sqs: SQSClient, QueueUrl: string | undefined): Promise<string | undefined> {
  const question = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  return (await sqs.send(question)).Attributes?.QueueArn;
}

async function createBucketThatTells(s3: S3Client, QueueArn: string | undefined): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: NAME }));
  const configuration = {
    QueueConfigurations: [
      {
        QueueArn,
        Events: ['s3:ObjectCreated:*' as const],
        Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'small-' }] } },
      },
    ],
  };
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: NAME,
      NotificationConfiguration: configuration,
    }),
  );
}
