import t from 'tap';
import { recordSpans } from '../../../test/support/record-spans.ts';
import type { Handler } from '../src/handler.ts';
import { createDelivery, createHarness } from './harness.ts';

/** As the harness issues uploads. */
const ISSUE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

function traced(handler: Handler, options: Parameters<typeof createHarness>[1] = {}) {
  const recorded = recordSpans();
  return { ...recorded, ...createHarness(handler, { ...options, traces: recorded.traces }) };
}

t.test('an attempt is a part of the upload’s trace, with the handler’s own spans', async (t) => {
  const harness = traced(async (_upload, context) => {
    await context.span('resize', () => context.span('read', async () => undefined));
  });
  const { accepted, processAccepted, span, names } = harness;
  const { key, event } = await accepted();
  await processAccepted(event, createDelivery().delivery);
  t.strictSame(names(), ['read', 'resize', 'process', 'lease', 'handler']);
  const process = span('process');
  t.match(process, { traceId: ISSUE.traceId, parentSpanId: ISSUE.spanId });
  t.notOk(process.links);
  t.strictSame(process.attributes, {
    'messaging.system.name': 'aws.sqs',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': 'accepted-events',
    'aws.sqs.queue.url': 'https://sqs.example/1/accepted-events',
    'messaging.message.id': 'message-1',
    'upload_once.upload_id': key.slice('uploads/'.length),
    'upload_once.version_id': event.versionId,
    'upload_once.attempt': 1,
    'upload_once.outcome': 'processed',
  });
  t.match(span('lease'), { traceId: ISSUE.traceId, parentSpanId: process.spanId });
  t.match(span('handler'), { traceId: ISSUE.traceId, parentSpanId: process.spanId });
  t.match(span('resize'), { traceId: ISSUE.traceId, parentSpanId: span('handler').spanId });
  t.match(span('read'), { traceId: ISSUE.traceId, parentSpanId: span('resize').spanId });
});

t.test('a secret in the name or the code of a handler’s span is not in the trace', async (t) => {
  const { accepted, processAccepted, spans, names } = traced(async (_upload, { span }) => {
    const fail = () =>
      Promise.reject(Object.assign(new Error('no'), { code: `token=hunter2pw${'x'.repeat(1_000)}` }));
    await span('read postgres://user:hunter2pw@db/x', fail).catch(() => undefined);
  });
  const { event } = await accepted();
  await processAccepted(event, createDelivery().delivery);
  t.match(names()[0], /^read postgres:/);
  t.notMatch(JSON.stringify(spans), 'hunter2pw');
});

t.test('each attempt is a part of the trace; one that fails says so, and what it came to', async (t) => {
  const { accepted, processAccepted, spans, span } = traced(async () => {
    throw Object.assign(new Error('with a secret'), { code: 'ENOSPC' });
  });
  const { event } = await accepted();
  await t.rejects(processAccepted(event, createDelivery().delivery));
  t.match(span('process'), { parentSpanId: ISSUE.spanId, hasFailed: true });
  t.match(span('handler'), { hasFailed: true, attributes: { 'error.type': 'ENOSPC' } });
  t.notOk(span('process').attributes['upload_once.outcome']);
  spans.length = 0;
  await t.rejects(processAccepted(event, createDelivery({ receiveCount: 2, isLastReceive: true }).delivery));
  t.match(span('process'), {
    parentSpanId: ISSUE.spanId,
    hasFailed: true,
    attributes: { 'upload_once.attempt': 2, 'upload_once.outcome': 'failed' },
  });
  t.notMatch(JSON.stringify(spans), 'secret');
});

t.test('a redelivery, and an object that is not the accepted one, are linked, never children', async (t) => {
  const { accepted, createdEvent, processAccepted, spans } = traced(async () => undefined);
  const { event } = await accepted();
  await processAccepted(event, createDelivery().delivery);
  spans.length = 0;
  await processAccepted(event, createDelivery({ receiveCount: 2 }).delivery);
  await processAccepted(createdEvent(event.key, 'other'), createDelivery().delivery);
  t.match(spans, [
    { name: 'process', links: [ISSUE] },
    { name: 'process', links: [ISSUE] },
  ]);
  t.equal(spans.length, 2);
  for (const { traceId, parentSpanId } of spans) {
    t.not(traceId, ISSUE.traceId);
    t.equal(parentSpanId, undefined);
  }
});

t.test('looks for an acceptance that is not on record yet are no parts of the attempt', async (t) => {
  const harness = traced(async () => undefined);
  const { event, accept } = await harness.accepted({ recorded: false });
  const work = harness.deliver(event);
  await harness.timerSet(0.1);
  await accept();
  await harness.passUntilSettled(work);
  t.strictSame(harness.names(), ['process', 'lease', 'handler']);
  t.match(harness.span('process'), { parentSpanId: ISSUE.spanId });
});

t.test(
  'a receive whose lease the table refuses has no span, and the next one is a part of the trace',
  async (t) => {
    const { accepted, processAccepted, tableFaults, spans, names } = traced(async () => undefined);
    const { event } = await accepted();
    tableFaults.failNext('before', 'update', new Error('the table is away'));
    await t.rejects(processAccepted(event, createDelivery().delivery), /the table is away/);
    t.strictSame(spans, []);
    await processAccepted(event, createDelivery().delivery);
    t.strictSame(names(), ['process', 'lease', 'handler']);
  },
);

t.test('without traces, a handler’s spans only run', async (t) => {
  let ran = 0;
  const { accepted, processAccepted } = createHarness(async (_upload, { span }) => {
    await span('resize', () => {
      ran += 1;
    });
  });
  const { event } = await accepted();
  await processAccepted(event, createDelivery().delivery);
  t.equal(ran, 1);
});
