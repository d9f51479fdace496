import { randomBytes } from 'node:crypto';
import t from 'tap';
import { recordSpans } from '../../../test/support/record-spans.ts';
import { appUnderTest, KEY_ID, KEY_VALUE, NOW } from './app-under-test.ts';
import { linkClient } from './link-client.ts';

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = (flags: string) => `00-${CALLER.traceId}-${CALLER.spanId}-${flags}`;

t.test('the request that issues an upload is the span that its record names', async (t) => {
  const { spans, span, traces } = recordSpans();
  const { get, uploadStore } = await appUnderTest(t, { traces });
  const { fields } = (await get()).json().url;
  const upload = await uploadStore.get(fields.key);
  const issue = span('issue');
  t.equal(upload?.traceparent, `00-${issue.traceId}-${issue.spanId}-01`);
  t.equal(issue.parentSpanId, undefined);
  t.equal(issue.endMs, NOW.getTime());
  t.ok(issue.startMs < issue.endMs);
  t.strictSame(issue.attributes, {
    'http.request.method': 'GET',
    'http.route': '/getpresignedurl',
    'http.response.status_code': 200,
    'upload_once.upload_id': fields.key.slice('uploads/'.length),
    'upload_once.api_key_id': KEY_ID,
  });
  t.equal(spans.length, 1);
});

t.test('a client’s trace goes on, and its decision whether it is sampled holds', async (t) => {
  const { spans, traces } = recordSpans();
  const { get, app, uploadStore } = await appUnderTest(t, { traces, sampleRatio: 0 });
  const headers = { 'x-api-key': KEY_VALUE, traceparent: traceparent('01') };
  const created = await app.inject({ method: 'POST', url: '/v1/uploads', headers, payload: {} });
  const { id } = created.json();
  t.match(spans, [{ name: 'issue', traceId: CALLER.traceId, parentSpanId: CALLER.spanId }]);
  t.match(spans[0]?.attributes, { 'http.route': '/v1/uploads', 'http.response.status_code': 201 });
  const upload = await uploadStore.get(`uploads/${id}`);
  t.equal(upload?.traceparent, `00-${CALLER.traceId}-${spans[0]?.spanId}-01`);
  spans.length = 0;
  const unsampled = await get('/getpresignedurl', { ...headers, traceparent: traceparent('00') });
  t.match(await uploadStore.get(unsampled.json().url.fields.key), { traceparent: /-00$/ });
  await get();
  t.strictSame(spans, [], 'neither what the client left out nor what the ratio left out');
});

t.test('a request that issues nothing has no span', async (t) => {
  const { spans, traces } = recordSpans();
  const { get, app } = await appUnderTest(t, { traces });
  await get('/getpresignedurl', { 'x-api-key': 'another' });
  await get('/v1/uploads/none');
  await get('/livez');
  const headers = { 'x-api-key': KEY_VALUE, 'idempotency-key': 'one' };
  const create = () => app.inject({ method: 'POST', url: '/v1/uploads', headers, payload: {} });
  await create();
  await create();
  t.equal(spans.length, 1, 'the first of two with one Idempotency-Key');
});

t.test(
  'a click on a link begins a trace, which links to that of the link; the upload goes on in it',
  async (t) => {
    const { spans, span, traces } = recordSpans();
    const { make, sign, clock, uploadStore } = await linkClient(t, { traces });
    const { token, key } = await make();
    const created = span('issue');
    clock.now = new Date(NOW.getTime() + 86_400_000);
    await sign(token, { sizeBytes: 5 });
    const click = span('click');
    t.strictSame(click.links, [{ traceId: created.traceId, spanId: created.spanId }]);
    t.not(click.traceId, created.traceId);
    t.match(click.attributes, {
      'http.route': '/u/sign',
      'upload_once.upload_id': key.slice('uploads/'.length),
    });
    const upload = await uploadStore.get(key);
    t.equal(upload?.traceparent, `00-${click.traceId}-${click.spanId}-01`);
    t.strictSame(upload?.click?.at, clock.now);
    await sign(token, { sizeBytes: 5 });
    t.match(spans[2], { name: 'click', links: click.links }, 'another click links to the link as well');
  },
);

t.test('without traces, or in one that is not sampled, a click writes nothing', async (t) => {
  for (const options of [{}, { ...recordSpans(), sampleRatio: 0 }]) {
    const { make, sign, faults, uploadStore } = await linkClient(t, options);
    const { token, key } = await make();
    const before = faults.calls.length;
    t.equal((await sign(token, { sizeBytes: 5 })).statusCode, 200);
    t.notOk(faults.calls.slice(before).some(({ operation }) => operation === 'update'));
    t.equal((await uploadStore.get(key))?.click, undefined);
  }
});

t.test(
  'a click that is not sampled ends the trace of the link, or of the click before, and writes once',
  async (t) => {
    const { spans, traces } = recordSpans();
    let isSampled = false;
    const { create, sign, faults, clock, uploadStore } = await linkClient(t, {
      traces,
      sampleRatio: 0.5,
      // The first half of the ids is sampled.
      randomBytes: (count) => Buffer.concat([randomBytes(count - 7), Buffer.alloc(7, isSampled ? 1 : 255)]),
    });
    const updates = () => faults.calls.filter(({ operation }) => operation === 'update').length;
    const sampled = { traceparent: traceparent('01') };
    const { id, url } = (await create({}, sampled)).json();
    const click = async (options = { isSampled: false }) => {
      isSampled = options.isSampled;
      clock.now = new Date(clock.now.getTime() + 86_400_000);
      const before = updates();
      await sign(url.slice(url.indexOf('#') + 1), { sizeBytes: 5 });
      return { writes: updates() - before, upload: await uploadStore.get(`uploads/${id}`) };
    };
    t.match(await click(), { writes: 1, upload: { traceparent: /-00$/, click: { at: clock.now } } });
    const recordedAt = clock.now;
    t.match(await click(), { writes: 0, upload: { traceparent: /-00$/, click: { at: recordedAt } } });
    t.match(await click({ isSampled: true }), {
      writes: 1,
      upload: { traceparent: /-01$/, click: { at: clock.now } },
    });
    t.match(await click(), { writes: 1, upload: { traceparent: /-00$/, click: { at: clock.now } } });
    t.strictSame(
      spans.map(({ name }) => name),
      ['issue', 'click'],
    );
  },
);

t.test('a stranger with a link neither chooses the trace nor what is sampled', async (t) => {
  const { spans, traces } = recordSpans();
  const { create, sign, view, uploadStore, logLines } = await linkClient(t, { traces, sampleRatio: 0 });
  const created = await create({}, { traceparent: traceparent('00') });
  const { id, url } = created.json();
  const token = url.slice(url.indexOf('#') + 1);
  const before = logLines.length;
  await sign(token, { sizeBytes: 5 }, { traceparent: traceparent('01') });
  await view(token, { traceparent: traceparent('01') });
  t.strictSame(spans, []);
  t.equal((await uploadStore.get(`uploads/${id}`))?.click, undefined);
  const requests = logLines.slice(before);
  t.equal(requests.length, 2);
  t.notMatch(JSON.stringify(requests), CALLER.traceId);

  const all = recordSpans();
  const sampled = await linkClient(t, { traces: all.traces });
  const link = await sampled.make();
  await sampled.sign(link.token, { sizeBytes: 5 }, { traceparent: traceparent('00') });
  const click = all.span('click');
  t.not(click.traceId, CALLER.traceId);
  t.equal(click.parentSpanId, undefined);
});

t.test('a click that can’t be recorded is signed for all the same', async (t) => {
  const { traces } = recordSpans();
  const { make, sign, faults } = await linkClient(t, { traces });
  const { token } = await make();
  faults.failNext('before', 'update', new Error('the table is away'));
  t.equal((await sign(token, { sizeBytes: 5 })).statusCode, 200);
});
