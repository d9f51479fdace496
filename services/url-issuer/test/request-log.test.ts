import type { Metrics } from '@upload-once/runtime';
import { uploadIdOf } from '@upload-once/uploads';
import t from 'tap';
import { appUnderTest, KEY_ID, KEY_VALUE } from './app-under-test.ts';
import { linkClient } from './link-client.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

t.test('one line a request says who asked, for what, and what came of it', async (t) => {
  const { get, logLines } = await appUnderTest(t);
  const response = await get('/getpresignedurl?a=b', {
    'x-api-key': KEY_VALUE,
    traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
  });
  const policy = JSON.parse(Buffer.from(response.json().url.fields.policy, 'base64').toString());
  t.equal(logLines.length, 1);
  t.match(JSON.parse(logLines[0] ?? ''), {
    level: 'info',
    service: 'url-issuer',
    requestId: response.headers['x-request-id'],
    method: 'GET',
    route: '/getpresignedurl',
    status: 200,
    outcome: 'issued',
    reason: undefined,
    durationMs: Number,
    ip: '127.0.0.1',
    apiKeyId: KEY_ID,
    uploadId: uploadIdOf(response.json().url.fields.key),
    expiresAt: new Date(policy.expiration).toISOString(),
    traceId: TRACE_ID,
  });
});

t.test('an upload’s end stands in the line that gives it, and a revocation in its own', async (t) => {
  const { make, manage, app, logLines } = await linkClient(t);
  const { id, expiresAt } = await make();
  await manage('PATCH', id, { body: { title: 'a' } });
  const changed = (await manage('PATCH', id, { body: { expiresInSeconds: 60 } })).json();
  await manage('DELETE', id);
  await manage('PATCH', id, { body: { expiresInSeconds: 90 } });
  const headers = { 'x-api-key': KEY_VALUE };
  const upload = (await app.inject({ method: 'POST', url: '/v1/uploads', headers, payload: {} })).json();
  await app.inject({ method: 'DELETE', url: `/v1/uploads/${encodeURIComponent(upload.id)}`, headers });
  const shown = logLines.map((line) => {
    const { outcome, uploadId, expiresAt } = JSON.parse(line);
    return [outcome, uploadId, expiresAt];
  });
  t.not(changed.expiresAt, expiresAt);
  t.strictSame(shown, [
    ['issued', id, expiresAt],
    [undefined, id, undefined],
    ['changed', id, changed.expiresAt],
    ['revoked', id, undefined],
    ['refused', id, undefined],
    ['issued', upload.id, upload.expiresAt],
    ['revoked', upload.id, undefined],
  ]);
});

t.test('a refused request has its line, with the reason', async (t) => {
  const { get, logLines } = await appUnderTest(t);
  await get('/getpresignedurl', {});
  await get('/nothing');
  t.match(
    logLines.map((line) => JSON.parse(line)),
    [
      { level: 'info', status: 403, outcome: 'refused', reason: 'Forbidden' },
      { level: 'info', status: 404, outcome: 'refused', reason: 'NotFound' },
    ],
  );
});

t.test('a path that is no URL has its line too', async (t) => {
  const { get, logLines, metrics } = await appUnderTest(t);
  await get('/%zz');
  t.match(
    logLines.map((line) => JSON.parse(line)),
    [{ level: 'info', status: 400, outcome: 'refused', reason: 'BadRequest' }],
  );
  t.match(metrics, [{ name: 'RequestsRefused', dimensions: { Reason: 'BadRequest' } }]);
});

t.test('probes are logged at debug only, and are in no metric', async (t) => {
  const { get, logLines, metrics } = await appUnderTest(t);
  await get('/livez');
  await get('/readyz');
  t.match(
    logLines.map((line) => JSON.parse(line)),
    [
      { level: 'debug', route: '/livez' },
      { level: 'debug', route: '/readyz' },
    ],
  );
  t.strictSame(metrics, []);
});

t.test('nothing secret is ever written down', async (t) => {
  const { get, logLines, faults } = await appUnderTest(t);
  const { url } = (await get(`/getpresignedurl?x-api-key=${encodeURIComponent(KEY_VALUE)}`)).json();
  await get('/getpresignedurl', { 'x-api-key': 'a key that is wrong' });
  const broken = new Error(`could not write for x-api-key: ${'k'.repeat(20)}`);
  for (const _attempt of [1, 2]) faults.failNext('before', 'putAll', broken);
  await get();
  const log = logLines.join('');
  const secrets = [KEY_VALUE, 'a key that is wrong', 'k'.repeat(20)];
  for (const secret of [...secrets, url.fields.policy, url.fields['x-amz-signature']]) {
    t.notOk(log.includes(secret), secret);
    t.notOk(log.includes(encodeURIComponent(secret)), secret);
  }
  t.ok(log.includes('could not write for'));
});

t.test('the address behind a trusted proxy is believed, and only behind one', async (t) => {
  const ipSeen = async (trustedProxies: string[]) => {
    const { get, logLines } = await appUnderTest(t, { trustedProxies });
    await get('/getpresignedurl', { 'x-forwarded-for': '203.0.113.1, 203.0.113.2' });
    return JSON.parse(logLines[0] ?? '').ip;
  };
  t.equal(await ipSeen([]), '127.0.0.1');
  t.equal(await ipSeen(['10.0.0.0/8']), '127.0.0.1');
  t.equal(await ipSeen(['loopback']), '203.0.113.2');
  t.equal(await ipSeen(['127.0.0.1', '203.0.113.2/32']), '203.0.113.1');
});

t.test('a request that cannot be logged does not vanish', async (t) => {
  const add = () => {
    throw new RangeError('no such metric');
  };
  const metrics: Metrics = { add, addAll: add, begin: () => undefined, gauge: () => undefined };
  const { get, logLines } = await appUnderTest(t, { metrics });
  t.equal((await get('/nothing')).statusCode, 404);
  t.ok(logLines.some((line) => line.includes('no such metric') && line.includes('"level":"error"')));
});
