import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import type { Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import type { Consumer } from '../src/index.ts';

type CallName =
  | 'ReceiveMessage'
  | 'ChangeMessageVisibility'
  | 'DeleteMessageBatch'
  | 'GetQueueAttributes'
  | 'SendMessageBatch';

// biome-ignore lint/suspicious/noExplicitAny: the inputs of all SQS calls; a test reads the field that it knows
type CallInput = any;

/** One call that the consumer made. */
export interface Call {
  readonly name: CallName;
  readonly input: CallInput;
  readonly error?: unknown;
}

/** Stands between the consumer and the queue: may hold a call, give it another response, or fail it. */
export type Hook = (input: CallInput, proceed: () => Promise<unknown>) => Promise<unknown>;

export interface LocalQueue {
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
  /** The consumer's client. */
  readonly sqs: SQSClient;
  readonly sent: Journal<Call>;
  readonly completed: Journal<Call>;
  /** How often the consumer made such a call. */
  countSent(name: CallName): number;
  hook(name: CallName, hook: Hook): void;
  /** Each such call fails so. */
  fail(name: CallName, error: Error): void;
  /** Such calls wait until `resolve` is called. */
  hold(name: CallName): { readonly resolve: () => void };
  unhook(name: CallName): void;
  send(...bodies: string[]): Promise<void>;
  /** Ends the long polls of the consumer's client that wait for a message now, as SQS does when their time is over. */
  endPolls(): Promise<void>;
  /** Stops a consumer that has nothing in flight but a poll, which ends without a message. */
  stop(consumer: Consumer, limitSeconds?: number): Promise<void>;
  /** Receives as another consumer would. */
  receive(queueUrl: string, waitTimeSeconds?: number): Promise<Message[]>;
  /** How many messages the queue has, visible or not. */
  depth(): Promise<number>;
}

/** A real SQS protocol server on a free port of 127.0.0.1, with a queue and its dead-letter queue. */
export async function startLocalQueue(
  t: Test,
  options: { readonly maxReceiveCount?: number } = {},
): Promise<LocalQueue> {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const clientOptions = {
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  };
  const sqs = new SQSClient(clientOptions);
  const other = new SQSClient(clientOptions);
  t.teardown(async () => {
    sqs.destroy();
    other.destroy();
    await app.close();
  });

  const urlOf = async (name: string, attributes: Record<string, string>) => {
    const { QueueUrl } = await other.send(
      new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
    );
    return endpoint + new URL(QueueUrl ?? '').pathname;
  };
  const deadLetterUrl = await urlOf('events-dead', {});
  const redrive = {
    deadLetterTargetArn: 'arn:aws:sqs:eu-central-1:000000000000:events-dead',
    maxReceiveCount: options.maxReceiveCount ?? 3,
  };
  const queueUrl = await urlOf('events', { RedrivePolicy: JSON.stringify(redrive) });

  const sent = new Journal<Call>();
  const completed = new Journal<Call>();
  const hooks = new Map<CallName, Hook>();
  let waiting = new AbortController();

  const send = sqs.send.bind(sqs);
  /** A long poll ends empty by `endPolls`; everything else is the client's own. */
  async function sendUntilOver(command: unknown, options?: { readonly abortSignal?: AbortSignal }) {
    if (!(command instanceof ReceiveMessageCommand)) return send(command as never, options);
    const over = waiting.signal;
    const abortSignal = AbortSignal.any([over, ...(options?.abortSignal ? [options.abortSignal] : [])]);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    abortSignal.addEventListener('abort', () => reject(abortSignal.reason), { once: true });
    try {
      // As a real client it does not wait for the response any longer, whatever a hook does; SQS goes on.
      return await Promise.race([send(command, { abortSignal }), aborted]);
    } catch (error) {
      if (over.aborted) return {};
      throw error;
    }
  }
  Object.assign(sqs, { send: sendUntilOver });

  async function endPolls(): Promise<void> {
    // A poll that was begun in this turn is on its way by the next.
    await nextTurn();
    waiting.abort();
    waiting = new AbortController();
  }

  sqs.middlewareStack.add(
    (next, context) => async (args) => {
      const name = String(context['commandName']).replace(/Command$/, '') as CallName;
      const input = args.input;
      sent.add({ name, input });
      const hook = hooks.get(name) ?? ((_, proceed) => proceed());
      try {
        const output = await hook(input, () => next(args));
        completed.add({ name, input });
        return output as Awaited<ReturnType<typeof next>>;
      } catch (error) {
        completed.add({ name, input, error });
        throw error;
      }
    },
    { step: 'initialize' },
  );

  return {
    queueUrl,
    deadLetterUrl,
    sqs,
    sent,
    completed,
    countSent: (name) => sent.count((call) => call.name === name),
    hook: (name, hook) => void hooks.set(name, hook),
    fail: (name, error) => void hooks.set(name, () => Promise.reject(error)),
    hold(name) {
      const { promise, resolve } = Promise.withResolvers<void>();
      hooks.set(name, (_, proceed) => promise.then(proceed));
      return { resolve };
    },
    unhook: (name) => void hooks.delete(name),
    endPolls,
    async stop(consumer, limitSeconds = 60) {
      const stopped = consumer.stop(limitSeconds);
      await endPolls();
      await stopped;
    },
    async send(...bodies) {
      for (let at = 0; at < bodies.length; at += 10) {
        const Entries = bodies
          .slice(at, at + 10)
          .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
        await other.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      }
    },
    async receive(url, waitTimeSeconds = 0) {
      const { Messages } = await other.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: waitTimeSeconds,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
          MessageAttributeNames: ['All'],
        }),
      );
      return Messages ?? [];
    },
    async depth() {
      const { Attributes } = await other.send(
        new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
      );
      return (
        Number(Attributes?.['ApproximateNumberOfMessages']) +
        Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'])
      );
    },
  };
}
