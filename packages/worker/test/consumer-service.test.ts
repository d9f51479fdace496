import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type DeliveryFacts, Postponed, RetryLater, Unprocessable, VisibilityLost } from '@upload-once/queue';
import { createLogger, createMetrics } from '@upload-once/runtime';
import t, { type Test } from 'tap';
import { startEcsAgent } from '../../../test/support/ecs-agent.ts';
import { type LocalCloud, startLocalCloud } from '../../../test/support/local-cloud.ts';
import { metricTotal, metricValues } from '../../../test/support/metric-total.ts';
import { type ConsumerServiceOptions, observeConsumer, startConsumerService } from '../src/index.ts';

type Line = Record<string, unknown>;

/** Log and metrics into one list, as they share standard output. Nothing is gathered, so that the list has each value in its place. */
function record() {
  const lines: Line[] = [];
  const write = (line: string) => lines.push(JSON.parse(line));
  const log = createLogger({ service: 'test', level: 'info', destination: { write } });
  const clock = { now: () => new Date(0), after: () => () => undefined };
  const metrics = createMetrics({ service: 'test', environment: 'test', clock, write });
  metrics.end();
  return { lines, log, metrics };
}

type StartOptions = Partial<Omit<ConsumerServiceOptions, 'settings'>> & {
  readonly settings?: Partial<ConsumerServiceOptions['settings']>;
};

async function start(t: Test, cloud: LocalCloud, options: StartOptions) {
  const { lines, log, metrics } = record();
  const service = await startConsumerService({
    log,
    metrics,
    sqs: cloud.sqs,
    handle: async () => undefined,
    uploadIdsIn: () => [],
    dependencies: {},
    ...options,
    settings: {
      queueUrl: cloud.queues.uploadEvents,
      concurrency: 4,
      visibilitySeconds: 30,
      pollWaitSeconds: 1,
      host: '127.0.0.1',
      port: 0,
      protectAfterSeconds: undefined,
      ecsAgentUri: undefined,
      ...options.settings,
    },
  });
  t.teardown(() => service.stop(0));
  const url = `http://127.0.0.1:${lines.find((line) => 'port' in line)?.['port']}`;
  return { service, lines, url };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

t.test('it handles the messages of its queue, and says where it listens', async (t) => {
  const cloud = await startLocalCloud(t);
  const bodies: string[] = [];
  const { lines, url } = await start(t, cloud, {
    handle: async ({ body }) => void bodies.push(body),
  });
  await cloud.send(cloud.queues.uploadEvents, 'hello');
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  t.ok(bodies.includes('hello'));
  t.equal((await fetch(`${url}/livez`)).status, 200);
  t.match(lines, [{ queueUrl: cloud.queues.uploadEvents, concurrency: 4, msg: 'listening, and polling' }]);
});

t.test('its metrics have the messages of each receive, and those that are in flight', async (t) => {
  const cloud = await startLocalCloud(t);
  const lines: Line[] = [];
  const time = { ms: 0, writeGathered: () => {} };
  const metrics = createMetrics({
    service: 'test',
    environment: 'test',
    clock: {
      now: () => new Date(time.ms),
      after(_delayMs, callback) {
        time.writeGathered = callback;
        return () => undefined;
      },
    },
    write: (line) => lines.push(JSON.parse(line)),
  });
  const bothAreThere = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  let slow = 0;
  let handled = 0;
  await start(t, cloud, {
    metrics,
    async handle({ body }) {
      handled += 1;
      if (body !== 'slow') return;
      slow += 1;
      if (slow === 2) bothAreThere.resolve();
      await finish.promise;
    },
  });
  await cloud.send(cloud.queues.uploadEvents, 'slow');
  await cloud.send(cloud.queues.uploadEvents, 'slow');
  await bothAreThere.promise;
  await cloud.depthIs(cloud.queues.uploadEvents, 2);
  time.writeGathered();
  t.strictSame(metricValues(lines, 'MessagesInFlight'), [2]);
  finish.resolve();
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  time.ms += 60_000;
  await cloud.send(cloud.queues.uploadEvents, 'the last');
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  time.writeGathered();
  t.strictSame(metricValues(lines, 'MessagesInFlight'), [2, 0], 'once a minute');
  t.equal(metricTotal(lines, 'MessagesTogether'), handled);
});

t.test('it is ready while the queue and all that it depends on respond, until it stops', async (t) => {
  const cloud = await startLocalCloud(t);
  let isThere = true;
  const inFlight = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const { service, url } = await start(t, cloud, {
    async handle({ body }) {
      if (body !== 'slow') return;
      inFlight.resolve();
      await finish.promise;
    },
    dependencies: {
      'The table': async () => undefined,
      'The bucket': async () => {
        if (!isThere) throw new Error('no route to it');
      },
    },
  });
  const readyz = async () => {
    const response = await fetch(`${url}/readyz`);
    const { message } = (await response.json()) as { message?: string };
    return { status: response.status, message };
  };
  t.match(await readyz(), { status: 200 });
  isThere = false;
  t.match(await readyz(), { status: 503, message: 'The bucket does not respond' });
  isThere = true;
  t.match(await readyz(), { status: 200 });

  await cloud.send(cloud.queues.uploadEvents, 'slow');
  await inFlight.promise;
  const stopped = service.stop(60);
  t.match(await readyz(), { status: 503, message: 'The service is stopping' });
  t.equal((await fetch(`${url}/livez`)).status, 200, 'alive while it drains');
  finish.resolve();
  await stopped;
  await t.rejects(fetch(`${url}/livez`), 'nothing listens any more');
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
});

t.test('a queue that cannot be consumed is reported by its URL, and nothing is left listening', async (t) => {
  const cloud = await startLocalCloud(t);
  const port = await freePort();
  const unknown = cloud.queues.uploadEvents.replace(/[^/]+$/, 'unknown');
  const deaf = new SQSClient({
    endpoint: `http://127.0.0.1:${await freePort()}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  t.teardown(() => deaf.destroy());
  const refusals: { options: StartOptions; error: object }[] = [
    {
      options: { settings: { queueUrl: unknown, port } },
      error: { code: 'ConfigError', message: `QUEUE_URL: expected a queue that exists, got "${unknown}"` },
    },
    {
      options: { settings: { queueUrl: cloud.queues.uploadEventsDeadLetter, port } },
      error: {
        code: 'ConfigError',
        message: /^QUEUE_URL: the queue .+upload-events-dead-letter needs a RedrivePolicy/,
      },
    },
    {
      options: { settings: { port }, sqs: deaf },
      error: {
        message: new RegExp(`^the queue ${cloud.queues.uploadEvents} can't be read: .*ECONNREFUSED`),
        cause: { code: 'ECONNREFUSED' },
      },
    },
  ];
  for (const { options, error } of refusals) {
    t.match(await start(t, cloud, options).catch((reason: unknown) => reason), error);
  }
  await t.rejects(fetch(`http://127.0.0.1:${port}/livez`));
});

t.test('an address that is taken: it starts nothing', async (t) => {
  const cloud = await startLocalCloud(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  await cloud.send(cloud.queues.uploadEvents, 'not received');
  await t.rejects(start(t, cloud, { settings: { port } }), { code: 'EADDRINUSE' });
  t.match(await cloud.peek(cloud.queues.uploadEvents), { Attributes: { ApproximateReceiveCount: '1' } });
});

t.test('long work protects the task, which polls again when it has ended', async (t) => {
  const cloud = await startLocalCloud(t);
  const agent = await startEcsAgent(t);
  const inFlight = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const bodies: string[] = [];
  await start(t, cloud, {
    settings: { concurrency: 1, protectAfterSeconds: 1, ecsAgentUri: agent.uri },
    async handle({ body }) {
      bodies.push(body);
      if (body !== 'slow') return;
      inFlight.resolve();
      await finish.promise;
    },
  });
  await cloud.send(cloud.queues.uploadEvents, 'slow');
  await inFlight.promise;
  await agent.asked.until(({ length }) => length === 1);
  finish.resolve();
  await agent.asked.until(({ length }) => length === 2);
  t.match(agent.asked.entries, [{ ProtectionEnabled: true }, { ProtectionEnabled: false }]);
  await cloud.send(cloud.queues.uploadEvents, 'next');
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  t.equal(bodies.at(-1), 'next');
});

t.test('protection where there is no ECS agent: refused by name, and nothing is started', async (t) => {
  const cloud = await startLocalCloud(t);
  const port = await freePort();
  await t.rejects(start(t, cloud, { settings: { port, protectAfterSeconds: 100 } }), {
    code: 'ConfigError',
    message: /^PROTECT_AFTER_SECONDS: expected to be set on Amazon ECS alone, .+ got "100"$/,
  });
  await t.rejects(fetch(`http://127.0.0.1:${port}/livez`));
});

t.test('each outcome of a message has its log line, and its metric', async (t) => {
  const { lines, log, metrics } = record();
  const observe = observeConsumer(log, metrics, () => []);
  const delivery: DeliveryFacts = {
    messageId: 'm1',
    body: `${'b'.repeat(1_990)} the end, and more than is shown`,
    receiveCount: 2,
    isLastReceive: false,
  };
  const facts = { messageId: 'm1', receiveCount: 2 };
  const body = `${'b'.repeat(1_990)} the end, `.slice(0, 2_000);

  observe.received(7);
  observe.retried(delivery, new Error('full'), 8);
  observe.postponed(delivery, new RetryLater(30, 'another holds it'), 30);
  observe.postponed(delivery, new Postponed(900, 'the next', 'not due yet'), 900);
  observe.deadLettered(delivery, new Unprocessable('garbage'));
  observe.givenBack(delivery, 2);
  observe.visibilityLost(delivery, new VisibilityLost('too late'));
  observe.requestFailed('copy', delivery, new Error('throttled'));
  observe.requestFailed('delete', delivery, new Error('throttled'));
  observe.limitUnread(new Error('away'), 8);
  observe.pollFailed(new Error('away'), 4);

  t.equal(lines.length, 13);
  t.match(lines, [
    { MessagesTogether: 7 },
    { MessagesRetried: 1 },
    { level: 'warn', ...facts, body, waitSeconds: 8, err: { message: 'full' } },
    { level: 'info', ...facts, waitSeconds: 30, msg: 'message waits: another holds it' },
    { MessagesDeadLettered: 1 },
    { level: 'error', ...facts, body, err: { code: 'Unprocessable', message: 'garbage' } },
    { level: 'info', ...facts, cutOffs: 2, msg: 'message given back, the service stops' },
    { level: 'warn', ...facts, err: { code: 'VisibilityLost' } },
    { level: 'warn', ...facts, request: 'copy', err: { message: 'throttled' } },
    { MessagesUndeleted: 1 },
    { level: 'warn', ...facts, request: 'delete', err: { message: 'throttled' } },
    { level: 'warn', maxReceiveCount: 8, err: { message: 'away' }, msg: /could not be read again/ },
    { level: 'warn', waitSeconds: 4, err: { message: 'away' }, msg: 'the queue does not respond' },
  ]);
});

t.test('work that stops cut off three times or more is reported by its upload, and counted', async (t) => {
  const { lines, log, metrics } = record();
  const observe = observeConsumer(log, metrics, (body) =>
    body.split(' ').filter((id) => id.startsWith('id-')),
  );
  const body = 'id-1';
  const delivery: DeliveryFacts = { messageId: 'm1', body, receiveCount: 1, isLastReceive: false };
  observe.givenBack(delivery, 0);
  observe.givenBack(delivery, 2);
  t.equal(lines.length, 2, 'it takes three');
  observe.givenBack(delivery, 3);
  observe.givenBack({ ...delivery, body: 'no event' }, 41);
  t.match(lines.slice(2), [
    { level: 'info', cutOffs: 3 },
    { WorkCutOff: 1 },
    {
      level: 'warn',
      uploadId: 'id-1',
      cutOffs: 3,
      messageId: 'm1',
      msg: /cut off by 3 stops.+DRAIN_LIMIT_SECONDS/,
    },
    { level: 'info', cutOffs: 41 },
    { WorkCutOff: 1 },
    { level: 'warn', uploadId: undefined, cutOffs: 41 },
  ]);
  t.equal(lines.length, 8);
});

t.test(
  'each line about a message names its uploads, and shows the message only where it names none',
  async (t) => {
    const { lines, log, metrics } = record();
    const observe = observeConsumer(log, metrics, (body) =>
      body.split(' ').filter((id) => id.startsWith('id-')),
    );
    const facts = { messageId: 'm1', receiveCount: 2, isLastReceive: false };
    for (const body of ['id-1 id-1', 'id-1 id-2', 'no event']) {
      const delivery: DeliveryFacts = { ...facts, body };
      observe.retried(delivery, new Error('full'), 8);
      observe.postponed(delivery, new RetryLater(30, 'another holds it'), 30);
      observe.deadLettered(delivery, new Unprocessable('garbage'));
      observe.givenBack(delivery, 2);
      observe.visibilityLost(delivery, new VisibilityLost('too late'));
      observe.requestFailed('copy', delivery, new Error('throttled'));
    }
    const told = lines.filter(({ level }) => level !== undefined);
    t.equal(told.length, 18);
    const namesOf = ({ uploadId, uploadIds, body }: Record<string, unknown>) => ({
      uploadId,
      uploadIds,
      body,
    });
    const one = { uploadId: 'id-1', uploadIds: undefined, body: undefined };
    const two = { ...one, uploadId: undefined, uploadIds: ['id-1', 'id-2'] };
    const none = { ...one, uploadId: undefined };
    const withBody = { ...none, body: 'no event' };
    const operations = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const [, filter = ''] = /\| filter uploadId = "ID" or @message like \/(.+)\/\n/.exec(operations) ?? [];
    const found = told.filter((line) => JSON.stringify(line).match(filter.replace('ID', 'id-2')));
    t.equal(filter && found.length, 6, 'the documented query finds the lines about several uploads');
    t.strictSame(told.map(namesOf), [
      ...Array.from({ length: 6 }, () => one),
      ...Array.from({ length: 6 }, () => two),
      ...[withBody, none, withBody, none, none, none],
    ]);
  },
);
