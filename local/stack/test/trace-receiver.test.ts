import { request } from 'node:http';
import t from 'tap';
import { type ResourceSpans, startTraceReceiver } from '../trace-receiver.ts';
import { rowsOf, textOf } from './support/trace-picture.ts';

const idOf = (number: number) => number.toString(16).padStart(32, '0');

function spanOf(trace: number, name = 'issue') {
  return { traceId: idOf(trace), spanId: '1', name, kind: 2, startTimeUnixNano: '1', endTimeUnixNano: '2' };
}

const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'acceptor' } }] };

t.test('spans are kept by their trace, and served as OTLP', async (t) => {
  const { url, close } = await startTraceReceiver({ port: 0 });
  t.teardown(close);
  const post = (body: string) =>
    fetch(`${url}/v1/traces`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  const spans = [spanOf(1), spanOf(2), spanOf(1, 'upload')];
  const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'upload-once' }, spans }] }] };
  const posted = await post(JSON.stringify(body));
  t.strictSame([posted.status, await posted.json()], [200, {}]);
  const response = await fetch(`${url}/traces/${idOf(1)}`);
  t.equal(response.headers.get('access-control-allow-origin'), null);
  const { resourceSpans } = (await response.json()) as { readonly resourceSpans: ResourceSpans[] };
  t.match(resourceSpans, [{ resource, scopeSpans: [{ scope: { name: 'upload-once' } }] }]);
  const rows = rowsOf(resourceSpans);
  t.strictSame(
    rows.map(({ span, service }) => [span.name, service]),
    [
      ['issue', 'acceptor'],
      ['upload', 'acceptor'],
    ],
  );
  for (const path of [`/traces/${idOf(3)}`, '/traces/', '/', '/v1/traces'])
    t.equal((await fetch(url + path)).status, 404, path);
  t.equal((await post('no JSON')).status, 400);
  t.equal((await post(`"${'x'.repeat(5_000_000)}"`).catch(() => ({ status: 400 }))).status, 400);
  t.equal((await fetch(`${url}/traces/${idOf(2)}`)).status, 200, 'it goes on');
  t.equal(textOf(undefined, 'none'), '');
});

t.test('the last 200 traces are kept, each with a bounded number of spans', async (t) => {
  const receiver = await startTraceReceiver({ port: 0 });
  t.teardown(receiver.close);
  const send = (spans: object[]) =>
    fetch(`${receiver.url}/v1/traces`, {
      method: 'POST',
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
    });
  for (let trace = 1; trace <= 205; trace += 1) await send([spanOf(trace)]);
  t.equal(receiver.traceIds().length, 200);
  t.equal(receiver.trace(idOf(5)), undefined);
  await send([spanOf(6)]);
  await send([spanOf(300)]);
  t.ok(receiver.trace(idOf(6)), 'the one that got a span last stays');
  for (let count = 0; count < 5; count += 1) await send(Array.from({ length: 1_000 }, () => spanOf(6)));
  t.ok(rowsOf(receiver.trace(idOf(6)) ?? []).length <= 3_000);
});

t.test('a page of another name is refused, whatever address it leads to', async (t) => {
  const { url, close } = await startTraceReceiver({ port: 0 });
  t.teardown(close);
  const statusFor = (host: string) =>
    new Promise((resolve) =>
      request(`${url}/traces/${idOf(1)}`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end(),
    );
  t.equal(await statusFor('evil.example.com'), 403);
  t.equal(await statusFor('127.0.0.1.evil.example.com'), 403);
  t.equal(await statusFor('localhost:8097'), 404);
});
