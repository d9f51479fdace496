import type { Test } from 'tap';
import t from 'tap';
import { recordSpans } from '../../../test/support/record-spans.ts';
import { createHarness } from './harness.ts';

/** As the harness issues uploads. */
const ISSUE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

async function traced(t: Test, options: Parameters<typeof createHarness>[1] = {}) {
  const recorded = recordSpans();
  return { ...recorded, ...(await createHarness(t, { ...options, traces: recorded.traces })) };
}

t.test('an attempt to deliver an event is a part of the upload’s trace', async (t) => {
  const { upload, processed, deliver, spans, span, receiver } = await traced(t);
  const key = await upload();
  await deliver(processed(key));
  t.equal(spans.length, 1);
  const { attributes, ...webhook } = span('webhook');
  t.match(webhook, { traceId: ISSUE.traceId, parentSpanId: ISSUE.spanId });
  t.strictSame(attributes, {
    'messaging.system.name': 'aws.sqs',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'webhook',
    'messaging.destination.name': 'webhooks',
    'aws.sqs.queue.url': 'https://sqs.example/1/webhooks',
    'upload_once.upload_id': key.slice('uploads/'.length),
    'upload_once.attempt': 1,
    'upload_once.event_type': 'upload.processed',
    'http.request.method': 'POST',
    'server.address': new URL(receiver.origin).hostname,
    'http.response.status_code': 204,
  });
  t.notMatch(JSON.stringify(spans), 'hidden', 'nothing of the URL but its host');
});

t.test('an attempt that fails says so, and the next one is a part of the same trace', async (t) => {
  const { clock, upload, processed, postponed, spans, receiver } = await traced(t);
  const key = await upload();
  receiver.respond((response) => response.writeHead(503).end());
  const { body } = await postponed(processed(key));
  receiver.respond((response) => response.destroy());
  clock.advance(60_000);
  await postponed(body);
  t.match(spans, [
    {
      parentSpanId: ISSUE.spanId,
      hasFailed: true,
      attributes: { 'http.response.status_code': 503, 'error.type': '503', 'upload_once.attempt': 1 },
    },
    {
      parentSpanId: ISSUE.spanId,
      hasFailed: true,
      attributes: { 'error.type': 'ECONNRESET', 'upload_once.attempt': 2 },
    },
  ]);
});

t.test('a status of 2xx is no failure, and 300 is one', async (t) => {
  const { upload, processed, deliver, postponed, spans, receiver } = await traced(t);
  receiver.respond((response) => response.writeHead(200).end());
  await deliver(processed(await upload()));
  receiver.respond((response) => response.writeHead(300).end());
  await postponed(processed(await upload()));
  t.strictSame(
    spans.map(({ hasFailed, attributes }) => [hasFailed ?? false, attributes['error.type']]),
    [
      [false, undefined],
      [true, '300'],
    ],
  );
});

t.test('the webhook of a duplicate is linked, never a child', async (t) => {
  const { upload, duplicate, deliver, spans } = await traced(t);
  await deliver(duplicate(await upload()));
  t.match(spans, [{ links: [ISSUE], attributes: { 'upload_once.event_type': 'upload.duplicate' } }]);
  t.not(spans[0]?.traceId, ISSUE.traceId);
  t.equal(spans[0]?.parentSpanId, undefined);
});

t.test('an attempt of a message that is delivered again is linked', async (t) => {
  const { upload, processed, deliver, spans } = await traced(t);
  const body = processed(await upload());
  await deliver(body);
  await deliver(body, { receiveCount: 2 });
  t.match(spans, [
    { parentSpanId: ISSUE.spanId, attributes: { 'upload_once.attempt': 1 } },
    { links: [ISSUE], attributes: { 'upload_once.attempt': 1 } },
  ]);
  t.equal(spans[1]?.parentSpanId, undefined);
  t.not(spans[1]?.traceId, ISSUE.traceId);
});

t.test('work that makes no attempt has no span', async (t) => {
  const { upload, processed, postponed, deliver, spans, receiver, startSender } = await traced(t, {});
  const key = await upload();
  receiver.respond((response) => response.writeHead(503).end());
  const { body } = await postponed(processed(key));
  spans.length = 0;
  await postponed(body);
  t.strictSame(spans, [], 'it is not due');
  receiver.respond((response) => response.writeHead(410).end());
  const gone = startSender();
  await t.rejects(deliver(processed(key), { worker: gone }));
  spans.length = 0;
  await t.rejects(deliver(processed(key), { worker: gone }));
  t.strictSame(spans, [], 'its endpoint is gone');
});
