import { acceptedKeyOf } from '@upload-once/uploads';
import t from 'tap';
import { recordSpans } from '../../../test/support/record-spans.ts';
import { createHarness } from './harness.ts';

/** As the harness issues uploads. */
const ISSUE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const UNSAMPLED = `00-${ISSUE.traceId}-${ISSUE.spanId}-00`;

function traced(options: Parameters<typeof createHarness>[0] = {}) {
  const recorded = recordSpans();
  const outcomes = () =>
    recorded.spans
      .filter(({ name }) => name === 'accept')
      .map(({ attributes }) => attributes['upload_once.outcome']);
  return { ...recorded, outcomes, ...createHarness({ ...options, traces: recorded.traces }) };
}

t.test('an acceptance is a part of the upload’s trace, with what it did', async (t) => {
  const { issue, upload, deliver, span, names } = traced();
  const key = await issue();
  const event = upload(key, 'hello');
  await deliver(event, { messageId: 'message-1' });
  t.strictSame(names(), ['upload', 'accept', 'list', 'claim', 'copy', 'record']);
  const accept = span('accept');
  t.match(accept, { traceId: ISSUE.traceId, parentSpanId: ISSUE.spanId });
  t.notOk(accept.links);
  t.strictSame(accept.attributes, {
    'messaging.system.name': 'aws.sqs',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'accept',
    'messaging.destination.name': 'upload-events',
    'aws.sqs.queue.url': 'https://sqs.example/1/upload-events',
    'messaging.message.id': 'message-1',
    'upload_once.upload_id': key.slice('uploads/'.length),
    'upload_once.version_id': event.versionId,
    'upload_once.outcome': 'accepted',
  });
  for (const name of ['list', 'claim', 'copy', 'record'])
    t.match(span(name), { traceId: ISSUE.traceId, parentSpanId: accept.spanId }, name);
});

t.test('the client’s upload is made afterwards, and says what of it was measured', async (t) => {
  const { clock, issue, upload, deliver, span } = traced();
  const issuedAt = clock.now;
  const event = upload(await issue(), 'hello');
  await deliver(event);
  t.match(span('upload'), {
    traceId: ISSUE.traceId,
    parentSpanId: ISSUE.spanId,
    startMs: issuedAt.getTime(),
    endMs: event.storedAt.getTime(),
    attributes: {
      'upload_once.start.source': 'inferred: not before the upload was issued',
      'upload_once.end.source': 'measured: S3 event time',
      'upload_once.version_id': event.versionId,
      'upload_once.size_bytes': 5,
    },
  });
});

t.test('if only another version’s event came, the end of the upload is known to the second', async (t) => {
  const { issue, upload, deliver, span } = traced();
  const key = await issue();
  const first = upload(key, 'first');
  await deliver(upload(key, 'second'));
  const { attributes, endMs } = span('upload');
  t.equal(attributes['upload_once.end.source'], 'measured: S3 LastModified, whole seconds');
  t.equal(endMs, Math.floor(first.storedAt.getTime() / 1000) * 1000);
  t.match(span('accept'), { parentSpanId: ISSUE.spanId, attributes: { 'upload_once.outcome': 'accepted' } });
});

t.test('an upload by a link begins with the click', async (t) => {
  const { clock, uploads, issue, upload, deliver, span } = traced();
  const key = await issue({ signatureSeconds: 60 });
  clock.now = new Date(clock.now.getTime() + 86_400_000);
  const click = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
  await uploads.links.recordClick(key, {
    at: clock.now,
    traceparent: `00-${click.traceId}-${click.spanId}-01`,
  });
  const at = clock.now;
  await deliver(upload(key, 'hello'));
  t.match(span('accept'), { traceId: click.traceId, parentSpanId: click.spanId });
  t.match(span('upload'), {
    traceId: click.traceId,
    startMs: at.getTime(),
    attributes: { 'upload_once.start.source': 'inferred: the last click on record' },
  });
});

t.test(
  'an upload whose last click is not sampled has no spans, whatever the link and its first click are',
  async (t) => {
    const { clock, uploads, issue, upload, deliver, spans } = traced();
    const key = await issue({ signatureSeconds: 60 });
    const click = `00-${'1'.repeat(32)}-${'2'.repeat(16)}`;
    await uploads.links.recordClick(key, { at: clock.now, traceparent: `${click}-01` });
    clock.now = new Date(clock.now.getTime() + 3 * 86_400_000);
    await uploads.links.recordClick(key, { at: clock.now, traceparent: `${click}-00` });
    await deliver(upload(key, 'hello'));
    t.strictSame(spans, []);
  },
);

t.test('if the click on a link is not on record, nothing is said of the beginning', async (t) => {
  const { issue, upload, deliver, span } = traced();
  const event = upload(await issue({ signatureSeconds: 60 }), 'hello');
  await deliver(event);
  t.match(span('upload'), {
    startMs: event.storedAt.getTime(),
    endMs: event.storedAt.getTime(),
    attributes: { 'upload_once.start.source': 'unknown: the click on the link is not on record' },
  });
});

t.test('a time after S3’s own is not taken for the beginning, and never moves the end', async (t) => {
  const { clock, uploads, issue, upload, deliver, span } = traced();
  const clicked = await issue({ signatureSeconds: 60 });
  const file = upload(clicked, 'hello');
  clock.now = new Date(clock.now.getTime() + 20_000);
  await uploads.links.recordClick(clicked, {
    at: clock.now,
    traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
  });
  await deliver(file);
  t.match(span('upload'), {
    startMs: file.storedAt.getTime(),
    endMs: file.storedAt.getTime(),
    attributes: {
      'upload_once.start.source': 'unknown: the last click on record is after S3’s time of the file',
      'upload_once.end.source': 'measured: S3 event time',
    },
  });

  const ahead = traced();
  const issuedAt = new Date(ahead.clock.now.getTime() + 5_000);
  const event = ahead.upload(await ahead.issue({ issuedAt }), 'hello');
  await ahead.deliver(event);
  t.match(ahead.span('upload'), {
    startMs: event.storedAt.getTime(),
    endMs: event.storedAt.getTime(),
    attributes: {
      'upload_once.start.source': 'unknown: the upload was issued after S3’s time of the file',
      'upload_once.end.source': 'measured: S3 event time',
    },
  });
});

t.test('an event’s time that is a whole second is still the event’s', async (t) => {
  const { clock, issue, upload, deliver, span } = traced();
  const key = await issue();
  clock.now = new Date(clock.now.getTime() + 1_000 - 234);
  const event = upload(key, 'hello');
  t.equal(event.storedAt.getMilliseconds(), 0);
  await deliver(event);
  t.equal(span('upload').attributes['upload_once.end.source'], 'measured: S3 event time');
});

t.test('a duplicate and a redelivery are linked, never children', async (t) => {
  const { issue, upload, deliver, spans, outcomes } = traced();
  const key = await issue();
  const first = upload(key, 'first');
  await deliver(first);
  spans.length = 0;
  await deliver(upload(key, 'second'));
  await deliver(first);
  t.match(spans, [
    { name: 'accept', links: [ISSUE] },
    { name: 'accept', links: [ISSUE] },
  ]);
  t.strictSame(outcomes(), ['duplicate', 'redelivery']);
  t.equal(spans.length, 2);
  for (const { traceId, parentSpanId } of spans) {
    t.not(traceId, ISSUE.traceId);
    t.equal(parentSpanId, undefined);
  }
});

t.test('a refused version is linked; an orphan has no trace', async (t) => {
  const { uploads, issue, upload, deliver, spans, outcomes } = traced();
  const key = await issue();
  await uploads.revoke(key);
  await deliver(upload(key, 'late'));
  await deliver(upload('uploads/never-issued', 'hello'));
  t.match(spans, [{ name: 'accept', links: [ISSUE] }]);
  t.strictSame(outcomes(), ['refused']);
  t.equal(spans.length, 1);
});

t.test(
  'a copy that fails is a part of the trace and says so; a message that waits has not failed',
  async (t) => {
    const { issue, upload, deliver, bucketFaults, spans, span, outcomes } = traced();
    const key = await issue();
    const first = upload(key, 'first');
    bucketFaults.failNext('before', 'copyIfAbsent', new Error('S3 is away'));
    await t.rejects(deliver(first));
    t.match(span('accept'), { parentSpanId: ISSUE.spanId, hasFailed: true });
    t.strictSame(outcomes(), [undefined]);
    t.match(span('copy'), { hasFailed: true });
    t.notOk(span('claim').hasFailed);
    spans.length = 0;
    await t.rejects(deliver(upload(key, 'second')), /claimed, and not accepted/);
    t.match(spans, [{ name: 'accept', links: [ISSUE] }]);
    t.strictSame(outcomes(), ['duplicate']);
    t.notOk(spans[0]?.hasFailed);
  },
);

t.test('the first work on an upload that fails is a part of its trace, without an outcome', async (t) => {
  for (const [calls, operation] of [
    ['bucketFaults', 'oldestVersion'],
    ['tableFaults', 'update'],
    ['bucketFaults', 'copyIfAbsent'],
  ] as const) {
    const harness = traced();
    const { issue, upload, deliver, span, outcomes } = harness;
    const event = upload(await issue(), 'hello');
    harness[calls].failNext('before', operation, new Error('away'));
    await t.rejects(deliver(event), operation);
    t.match(
      span('accept'),
      { traceId: ISSUE.traceId, parentSpanId: ISSUE.spanId, hasFailed: true },
      operation,
    );
    t.strictSame(outcomes(), [undefined], operation);
    await deliver(event, { receiveCount: 2 });
    t.strictSame(outcomes(), [undefined, 'accepted'], operation);
  }
});

t.test('an event whose version S3 does not list yet is a part of the trace', async (t) => {
  const { objects, issue, upload, deliver, span, outcomes } = traced();
  const event = upload(await issue(), 'hello');
  await objects.deleteVersions([event]);
  await t.rejects(deliver(event), { code: 'NoVersionListed' });
  t.match(span('accept'), { parentSpanId: ISSUE.spanId, hasFailed: true });
  t.strictSame(outcomes(), [undefined]);
});

t.test('of two versions at once, the event of each says what its own one was', async (t) => {
  const { issue, upload, deliver, startWorker, spans } = traced();
  const key = await issue();
  const [first, second] = [upload(key, 'first'), upload(key, 'second')];
  const worker = startWorker();
  await Promise.allSettled([deliver(second, {}, worker), deliver(first, {}, worker)]);
  const accepts = spans.filter(({ name }) => name === 'accept');
  t.strictSame(
    accepts.map(({ attributes }) => [
      attributes['upload_once.version_id'],
      attributes['upload_once.outcome'],
    ]),
    [
      [first.versionId, 'accepted'],
      [second.versionId, 'duplicate'],
    ],
  );
  t.match(accepts, [{ parentSpanId: ISSUE.spanId }, { parentSpanId: ISSUE.spanId }], 'both looked for it');
});

t.test('a redelivery that only records the acceptance is a part of the trace', async (t) => {
  const { issue, upload, deliver, bucketFaults, spans, span, outcomes } = traced();
  const event = upload(await issue(), 'hello');
  bucketFaults.failNext('after', 'copyIfAbsent', new Error('the response was lost'));
  await t.rejects(deliver(event));
  spans.length = 0;
  await deliver(event, { receiveCount: 2 });
  t.match(span('accept'), { traceId: ISSUE.traceId, parentSpanId: ISSUE.spanId });
  t.strictSame(outcomes(), ['accepted']);
});

t.test('work that leaves its upload to other work has no outcome', async (t) => {
  const { issue, upload, deliver, startWorker, outcomes } = traced();
  const event = upload(await issue(), 'hello');
  const worker = startWorker();
  await Promise.all([deliver(event, {}, worker), deliver(event, {}, worker)]);
  t.strictSame(outcomes(), ['accepted', undefined]);
});

t.test(
  'of an acceptance whose response is lost there is no span `upload`, and the next event is a redelivery',
  async (t) => {
    const { issue, upload, deliver, bucketFaults, tableFaults, names, outcomes } = traced();
    const event = upload(await issue(), 'hello');
    bucketFaults.failNext('before', 'copyIfAbsent', new Error('S3 is away'));
    await t.rejects(deliver(event));
    tableFaults.failNext('after', 'update', new Error('the response was lost'));
    await t.rejects(deliver(event, { receiveCount: 2 }));
    await deliver(event, { receiveCount: 3 });
    t.notOk(names().includes('upload'));
    t.strictSame(outcomes(), [undefined, undefined, 'redelivery']);
  },
);

t.test('an upload whose client wants no trace has none', async (t) => {
  const { issue, upload, deliver, spans, objects } = traced();
  const key = await issue({ traceparent: UNSAMPLED });
  await deliver(upload(key, 'hello'));
  t.ok(await objects.head(acceptedKeyOf(key)));
  t.strictSame(spans, []);
});
