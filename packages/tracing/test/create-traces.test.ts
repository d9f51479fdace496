import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { registerHooks } from 'node:module';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import type { Test } from 'tap';
import t from 'tap';
import { createTraces, type Span, SpanKind } from '../src/index.ts';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});

const SPAN: Span = {
  name: 'issue',
  kind: SpanKind.server,
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  startMs: 1_700_000_000_123.25,
  endMs: 1_700_000_000_125.5,
  attributes: { text: 'a', number: 5, flag: true },
};

const OPTIONS = { service: 'acceptor', environment: 'test' };

/** A collector that does what the test says. */
async function collector(t: Test, respond: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(respond);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => void server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function tracesTo(endpoint: string | undefined, failures: Error[] = []) {
  return createTraces({ ...OPTIONS, endpoint, onFailure: (error) => void failures.push(error) });
}

t.test('without an endpoint there are no traces, and nothing of OpenTelemetry is loaded', async (t) => {
  t.equal(await tracesTo(undefined), undefined);
  t.strictSame(
    loaded.filter((url) => url.includes('opentelemetry')),
    [],
  );
  await tracesTo('http://127.0.0.1:9');
  t.ok(
    loaded.some((url) => url.includes('opentelemetry')),
    'this test would see it',
  );
});

t.test('spans are sent as OTLP in JSON, with the headers of OTEL_EXPORTER_OTLP_HEADERS', async (t) => {
  process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-tenant=ours';
  t.teardown(() => delete process.env.OTEL_EXPORTER_OTLP_HEADERS);
  const requests: { url: string | undefined; tenant: unknown; body: string }[] = [];
  const endpoint = await collector(t, async (request, response) => {
    requests.push({ url: request.url, tenant: request.headers['x-tenant'], body: await text(request) });
    response.end('{}');
  });
  const traces = await tracesTo(`${endpoint}/`);
  const link = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
  traces?.record({ ...SPAN, links: [link] });
  traces?.record({ ...SPAN, spanId: '3'.repeat(16), parentSpanId: SPAN.spanId, hasFailed: true });
  await traces?.end(5_000);
  t.match(requests, [{ url: '/v1/traces', tenant: 'ours' }]);
  const { resourceSpans } = JSON.parse(requests[0]?.body ?? '');
  t.match(resourceSpans[0].resource.attributes, [
    { key: 'service.name', value: { stringValue: 'acceptor' } },
    { key: 'service.namespace', value: { stringValue: 'upload-once' } },
    { key: 'deployment.environment.name', value: { stringValue: 'test' } },
  ]);
  const [first, second] = resourceSpans[0].scopeSpans[0].spans;
  t.match(first, {
    name: 'issue',
    kind: 2,
    traceId: SPAN.traceId,
    spanId: SPAN.spanId,
    startTimeUnixNano: '1700000000123250000',
    endTimeUnixNano: '1700000000125500000',
    status: { code: 0 },
    links: [link],
  });
  t.match(first.attributes, [
    { key: 'text', value: { stringValue: 'a' } },
    { key: 'number', value: { intValue: 5 } },
    { key: 'flag', value: { boolValue: true } },
  ]);
  t.notOk(first.parentSpanId);
  t.match(second, { parentSpanId: SPAN.spanId, status: { code: 2 } });
});

t.test('an endpoint that is gone costs spans only, and is reported once', async (t) => {
  const endpoint = await collector(t, (_request, response) => void response.writeHead(400).end());
  const failures: Error[] = [];
  const traces = await tracesTo(endpoint, failures);
  for (let count = 0; count < 600; count += 1) traces?.record(SPAN);
  await traces?.end(5_000);
  t.equal(failures.length, 1);
  traces?.record(SPAN);
});

t.test('while an endpoint hangs, a bounded number of spans waits', async (t) => {
  const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let received = 0;
  const endpoint = await collector(t, async (request, response) => {
    received += (await text(request)).split('"spanId"').length - 1;
    asked.resolve();
    await released.promise;
    response.end('{}');
  });
  const traces = await tracesTo(endpoint);
  for (let count = 0; count < 256; count += 1) traces?.record(SPAN);
  await asked.promise;
  for (let count = 0; count < 5_000; count += 1) traces?.record(SPAN);
  released.resolve();
  await traces?.end(60_000);
  t.equal(received, 256 + 2_048);
});

t.test('after a failure too, one batch is on its way at a time', async (t) => {
  const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [refused, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let received = 0;
  let requests = 0;
  const endpoint = await collector(t, async (request, response) => {
    const isFirst = requests === 0;
    received += (await text(request)).split('"spanId"').length - 1;
    arrived[requests++]?.resolve();
    await (isFirst ? refused : released).promise;
    response.writeHead(isFirst ? 400 : 200).end('{}');
  });
  const traces = await tracesTo(endpoint);
  const record = (count: number) => {
    for (let each = 0; each < count; each += 1) traces?.record(SPAN);
  };
  record(2 * 256);
  await arrived[0]?.promise;
  refused.resolve();
  await arrived[1]?.promise;
  record(5_000);
  released.resolve();
  await traces?.end(60_000);
  t.equal(received, 256 + 256 + 2_048, 'while the second batch hangs, no third one leaves what waits');
});

t.test('endpoints that respond without an end are given up, however many, and spans go on', async (t) => {
  /** More than the exporter has on their way at once. */
  const endless = 31;
  const arrived = Promise.withResolvers<string>();
  let requests = 0;
  const closed = Array.from({ length: endless }, () => Promise.withResolvers<void>());
  const endpoint = await collector(t, async (request, response) => {
    const count = requests++;
    const body = await text(request);
    if (count >= endless) {
      response.end('{}');
      arrived.resolve(body);
      return;
    }
    response.on('close', () => closed[count]?.resolve());
    response.writeHead(200).write('{');
  });
  const failures: Error[] = [];
  const traces = await createTraces({
    ...OPTIONS,
    endpoint,
    onFailure: (error) => void failures.push(error),
    exportLimitMs: 50,
  });
  const recordBatch = () => {
    for (let count = 0; count < 256; count += 1) traces?.record(SPAN);
  };
  for (const { promise } of closed) {
    recordBatch();
    await promise;
  }
  recordBatch();
  t.match(await arrived.promise, SPAN.traceId);
  t.match(failures, [{ code: 'ExportDidNotEnd', message: /did not end within 0.05 s/ }]);
  t.equal(failures.length, 1);
  await traces?.end(5_000);
});

t.test('spans that a response with status 200 does not take are reported', async (t) => {
  for (const [body, failure] of [
    ['{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}', /refused 2 spans of a batch$/],
    ['{"partialSuccess":{"rejectedSpans":3}}', /refused 3 spans of a batch$/],
    ['<!doctype html><title>Sign in</title>', /responded with 200 and no JSON/],
    ['"ok"', /responded with 200 and no JSON/],
    ['{"partialSuccess":{"rejectedSpans":"0","errorMessage":"use gzip"}}', undefined],
    ['{"partialSuccess":null}', undefined],
    ['{}', undefined],
    ['', undefined],
  ] as const) {
    const endpoint = await collector(t, (_request, response) => void response.end(body));
    const failures: Error[] = [];
    const traces = await tracesTo(endpoint, failures);
    traces?.record(SPAN);
    await traces?.end(5_000);
    if (failure) t.match(failures, [{ code: 'ExportRefused', message: failure }], body);
    t.equal(failures.length, failure ? 1 : 0, body);
  }
});

t.test('a failure has nothing that the endpoint wrote: it can repeat secret headers', async (t) => {
  process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-tenant=hcaik_SUPERSECRET01';
  t.teardown(() => delete process.env.OTEL_EXPORTER_OTLP_HEADERS);
  for (const status of [200, 403]) {
    const endpoint = await collector(t, ({ headers }, response) => {
      const tenant = String(headers['x-tenant']);
      t.equal(tenant, 'hcaik_SUPERSECRET01');
      response.writeHead(status, `no ${tenant}`);
      response.end(
        status === 200
          ? JSON.stringify({ partialSuccess: { rejectedSpans: 1, errorMessage: tenant } })
          : tenant,
      );
    });
    const failures: Error[] = [];
    const traces = await tracesTo(endpoint, failures);
    traces?.record(SPAN);
    await traces?.end(5_000);
    t.match(failures, [{ code: status === 200 ? 'ExportRefused' : '403' }]);
    t.notMatch(inspect(failures, { depth: Number.POSITIVE_INFINITY, showHidden: true }), /SUPERSECRET/);
  }
});

t.test('a response that is no HTTP is reported without its bytes', async (t) => {
  const server = createTcpServer((socket) => void socket.end('SUPERSECRET\r\n\r\n'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => void server.close());
  const failures: Error[] = [];
  const traces = await tracesTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, failures);
  traces?.record(SPAN);
  await traces?.end(5_000);
  t.match(failures, [{ code: 'HPE_INVALID_CONSTANT' }]);
  t.strictSame(Object.keys(failures[0] ?? {}), ['code']);
});

t.test('a span whose times are no numbers is dropped alone', async (t) => {
  const bodies: string[] = [];
  const endpoint = await collector(t, async (request, response) => {
    bodies.push(await text(request));
    response.end('{}');
  });
  const failures: Error[] = [];
  const traces = await tracesTo(endpoint, failures);
  traces?.record({ ...SPAN, name: 'no start', startMs: Number.NaN });
  traces?.record({ ...SPAN, name: 'no end', endMs: Number.POSITIVE_INFINITY });
  traces?.record(SPAN);
  await traces?.end(5_000);
  t.strictSame(failures, []);
  const [body = '{}'] = bodies;
  t.strictSame(
    JSON.parse(body).resourceSpans[0].scopeSpans[0].spans.map(({ name }: { name: string }) => name),
    ['issue'],
  );
});

t.test('the end does not wait for an endpoint that hangs', async (t) => {
  const asked = Promise.withResolvers<void>();
  const endpoint = await collector(t, () => asked.resolve());
  const traces = await tracesTo(endpoint);
  for (let count = 0; count < 300; count += 1) traces?.record(SPAN);
  await asked.promise;
  await traces?.end(50);
  t.pass('it has ended');
});
