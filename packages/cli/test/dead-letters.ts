import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { systemClock } from '@upload-once/clock';
import { createDeleteBatcher, writeS3Event } from '@upload-once/queue';
import { buildApp } from 'fauxqs';
import type { Test } from 'tap';
import { type RedriveOptions, redrive } from '../src/repair/index.ts';

type CallName = 'SendMessageBatch' | 'DeleteMessageBatch' | 'ReceiveMessage' | 'ChangeMessageVisibilityBatch';
// biome-ignore lint/suspicious/noExplicitAny: the inputs and responses of all SQS calls; a test reads the field that it knows
type Any = any;
/** Stands before a call: may give it another response, or fail it. */
type Hook = (input: Any, proceed: () => Promise<Any>) => Promise<Any>;

/** A real SQS protocol server with a queue and its dead-letter queue, and a redrive between them whose calls a test can spoil. */
export async function startDeadLetters(t: Test) {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const settings = {
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  };
  const sqs = new SQSClient(settings);
  const others = new SQSClient(settings);
  t.teardown(async () => {
    sqs.destroy();
    others.destroy();
    await app.close();
  });
  const create = async (name: string) => {
    const { QueueUrl = '' } = await others.send(new CreateQueueCommand({ QueueName: name }));
    return endpoint + new URL(QueueUrl).pathname;
  };
  const deadLetterUrl = await create('events-dead-letter');
  const queueUrl = await create('events');

  const calls: string[] = [];
  const hooks = new Map<string, Hook>();
  sqs.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const name = commandName.replace(/Command$/, '');
        calls.push(name);
        const hook = hooks.get(name);
        if (!hook) return next(args);
        const output = await hook(args.input, async () => (await next(args)).output);
        return { response: {}, output } as Awaited<ReturnType<typeof next>>;
      },
    { step: 'initialize', name: 'hooks' },
  );

  async function receiveAll(url: string): Promise<Message[]> {
    const all: Message[] = [];
    for (;;) {
      const { Messages = [] } = await others.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 600,
          MessageAttributeNames: ['All'],
        }),
      );
      if (Messages.length === 0) return all;
      all.push(...Messages);
    }
  }

  return {
    sqs,
    queueUrl,
    deadLetterUrl,
    /** Every call that was made so far. */
    calls,
    hook: (name: CallName, hook: Hook) => void hooks.set(name, hook),
    unhook: (name: CallName) => void hooks.delete(name),

    async die(...bodies: string[]) {
      for (const MessageBody of bodies) {
        await others.send(new SendMessageCommand({ QueueUrl: deadLetterUrl, MessageBody }));
      }
    },

    /** The bodies of all messages that are visible now, which are hidden from then on. */
    async bodies(url: string) {
      return (await receiveAll(url)).map(({ Body = '' }) => Body).sort();
    },
    receiveAll,

    async depth(url: string) {
      const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const ask = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] });
      const { Attributes } = await others.send(ask);
      return { visible: Number(Attributes?.[names[0]]), hidden: Number(Attributes?.[names[1]]) };
    },

    /** One redrive; gives what became of each message, by its body. */
    async redrive(changes: Partial<RedriveOptions> = {}) {
      const outcomes: [string, string, string][] = [];
      await redrive({
        sqs,
        queueUrl,
        deadLetterUrl,
        records: { keepLonger: async () => undefined },
        // A failed delete is not tried again in here after seconds: three attempts at once.
        deleter: createDeleteBatcher({
          sqs,
          queueUrl: deadLetterUrl,
          clock: {
            ...systemClock,
            after: (delayMs, callback) => systemClock.after(delayMs / 1000, callback),
          },
          random: () => 0,
        }),
        includeUnknown: false,
        runId: 'run-1',
        signal: new AbortController().signal,
        onOutcome: ({ body }, outcome, reason) => outcomes.push([body, outcome, reason]),
        ...changes,
      });
      return outcomes;
    },
  };
}

/** A message as S3 or an audit would send it. */
export function eventFor(key: string, versionId = 'v1'): string {
  const storedAt = new Date('2026-01-01T00:00:00.000Z');
  const eventName = 'ObjectCreated:Post';
  return writeS3Event(
    { bucket: 'b', key, versionId, eTag: 'e', sizeBytes: 1, eventName, storedAt },
    'eu-central-1',
  );
}
