import { SQSClient } from '@aws-sdk/client-sqs';
import t from 'tap';
import { sendMessages } from '../src/send-messages.ts';
import { startLocalQueue } from './local-queue.ts';

async function receiveAll(queue: Awaited<ReturnType<typeof startLocalQueue>>) {
  const bodies: string[] = [];
  for (;;) {
    const messages = await queue.receive(queue.queueUrl);
    if (messages.length === 0) return bodies.sort();
    bodies.push(...messages.map(({ Body = '' }) => Body));
  }
}

const named = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ body: `message-${String(at).padStart(2, '0')}` }));

/** How many entries each request had. */
async function watched(t: Parameters<typeof startLocalQueue>[0]) {
  const queue = await startLocalQueue(t);
  const sizes: number[] = [];
  queue.sqs.middlewareStack.add(
    (next) => (args) => {
      sizes.push((args.input as { Entries: unknown[] }).Entries.length);
      return next(args);
    },
    { step: 'initialize', name: 'watchSizes' },
  );
  return { queue, sizes };
}

t.test('all are sent, ten at a time', async (t) => {
  const { queue, sizes } = await watched(t);
  const messages = named(23);
  t.strictSame(await sendMessages(queue.sqs, queue.queueUrl, messages), new Map());
  t.strictSame(sizes, [10, 10, 3]);
  t.strictSame(
    await receiveAll(queue),
    messages.map(({ body }) => body),
  );
});

t.test('a batch stays within what SQS takes at once', async (t) => {
  const { queue, sizes } = await watched(t);
  const messages = ['a', 'b', 'c', 'd'].map((letter) => ({ body: letter.repeat(100_000) }));
  t.strictSame(await sendMessages(queue.sqs, queue.queueUrl, messages), new Map());
  t.strictSame(sizes, [2, 2]);
});

t.test('nothing to send is no request', async (t) => {
  const { queue, sizes } = await watched(t);
  t.strictSame(await sendMessages(queue.sqs, queue.queueUrl, []), new Map());
  t.strictSame(sizes, []);
});

t.test('what SQS refuses is reported by its index, the others are sent', async (t) => {
  const queue = await startLocalQueue(t);
  const bad = { body: 'not allowed: \u0000' };
  const failures = await sendMessages(queue.sqs, queue.queueUrl, [{ body: 'a' }, bad, { body: 'b' }]);
  t.strictSame([...failures.keys()], [1]);
  t.match(failures.get(1), { reason: /^InvalidMessageContents: ./, mayBeSent: false });
  t.strictSame(await receiveAll(queue), ['a', 'b']);
});

t.test('a request that fails is reported for each of its messages, and the next one is made', async (t) => {
  const queue = await startLocalQueue(t);
  let requests = 0;
  queue.sqs.middlewareStack.add(
    (next) => async (args) => {
      requests += 1;
      if (requests === 1) throw new Error('socket hang up');
      return next(args);
    },
    { step: 'initialize', name: 'fail' },
  );
  const failures = await sendMessages(queue.sqs, queue.queueUrl, named(12));
  t.strictSame([...failures.keys()], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.match(failures.get(0), { reason: 'Error: socket hang up' });
  t.strictSame(await receiveAll(queue), ['message-10', 'message-11']);
});

t.test('what a success response does not name is not known to be sent', async (t) => {
  const queue = await startLocalQueue(t);
  queue.sqs.middlewareStack.add(
    () => async () => ({ response: {}, output: { $metadata: {}, Successful: [{ Id: '1' }] } }) as never,
    { step: 'initialize', name: 'nameOne' },
  );
  const failures = await sendMessages(queue.sqs, queue.queueUrl, named(3));
  const failure = { reason: 'SQS’s response does not name the message', mayBeSent: true };
  t.strictSame(
    [...failures],
    [
      [0, failure],
      [2, failure],
    ],
  );
});

/** What became of one attempt, on the wire; `lost`: SQS has it, and its response does not arrive. */
type Attempt = 'lost' | 'unread' | 'refused' | 'error' | 'no connection';

async function sendWith(t: Parameters<typeof startLocalQueue>[0], attempts: readonly Attempt[]) {
  const queue = await startLocalQueue(t);
  const sqs = new SQSClient({
    endpoint: new URL(queue.queueUrl).origin,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: attempts.length,
  });
  t.teardown(() => sqs.destroy());
  let made = 0;
  sqs.middlewareStack.add(
    (next) => async (args) => {
      const attempt = attempts[made++];
      if (attempt === 'lost') await next(args);
      const failed = (status: number, fields: object) =>
        Object.assign(new Error('no'), { $metadata: { httpStatusCode: status }, ...fields });
      if (attempt === 'refused')
        throw failed(400, { name: 'ThrottlingException', $retryable: { throttling: true } });
      if (attempt === 'unread') throw failed(200, { $retryable: {} });
      if (attempt === 'error') throw failed(503, { $retryable: {} });
      const code = attempt === 'no connection' ? 'ECONNREFUSED' : 'ECONNRESET';
      throw Object.assign(new Error('the connection broke'), { code, name: 'TimeoutError' });
    },
    { step: 'deserialize', priority: 'low', name: 'spoil' },
  );
  const [failure] = (await sendMessages(sqs, queue.queueUrl, named(1))).values();
  t.equal(made, attempts.length, 'so many attempts were made');
  return { failure, inQueue: (await receiveAll(queue)).length };
}

for (const [attempts, mayBeSent] of [
  [['refused'], false],
  [['no connection'], false],
  [['no connection', 'refused'], false],
  [['lost'], true],
  [['error'], true],
  [['unread'], true],
  [['unread', 'refused'], true],
  [['lost', 'refused'], true],
  [['lost', 'no connection'], true],
] as const) {
  t.test(`${attempts.join(', then ')}: it ${mayBeSent ? 'may be' : 'is not'} sent`, async (t) => {
    const { failure, inQueue } = await sendWith(t, attempts);
    t.match(failure, { reason: /./, mayBeSent });
    t.equal(inQueue, (attempts as readonly Attempt[]).includes('lost') ? 1 : 0);
  });
}
