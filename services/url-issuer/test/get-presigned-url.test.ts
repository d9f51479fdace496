import t from 'tap';
import { addKey, appUnderTest, KEY_ID, KEY_VALUE, NOW } from './app-under-test.ts';

const KEY_PATTERN = /^uploads\/UploadFilename-20250304_050607-[a-z2-7]{26}$/;

t.test('a form is given in the shape that existing clients know, and nothing else', async (t) => {
  const { get } = await appUnderTest(t);
  const response = await get();
  t.equal(response.statusCode, 200);
  t.match(response.headers['content-type'], 'application/json');
  t.equal(response.headers['cache-control'], 'no-store');
  const body = response.json();
  t.strictSame(Object.keys(body), ['url']);
  t.strictSame(Object.keys(body.url).sort(), ['fields', 'url']);
  t.equal(body.url.url, 'https://upload-bucket.s3.eu-central-1.amazonaws.com/');
  t.strictSame(Object.keys(body.url.fields).sort(), [
    'key',
    'policy',
    'x-amz-algorithm',
    'x-amz-credential',
    'x-amz-date',
    'x-amz-signature',
  ]);
  t.match(body.url.fields.key, KEY_PATTERN);
});

/** As the first release gave it: clients that can't be changed live by every byte of it. */
const CONTRACT =
  '{"url":{"url":"https://upload-bucket.s3.eu-central-1.amazonaws.com/","fields":' +
  '{"key":"uploads/UploadFilename-20250304_050607-aeaqcaibaeaqcaibaeaqcaibae",' +
  '"x-amz-algorithm":"AWS4-HMAC-SHA256",' +
  '"x-amz-credential":"AKIDEXAMPLE/20250304/eu-central-1/s3/aws4_request",' +
  '"x-amz-date":"20250304T050607Z",' +
  '"policy":"' +
  'eyJleHBpcmF0aW9uIjoiMjAyNS0wMy0wNFQwNTowNjozN1oiLCJjb25kaXRpb25zIjpbWyJjb250ZW50LWxlbmd0aC1yYW5nZSIs' +
  'MCw1MDAwXSx7ImJ1Y2tldCI6InVwbG9hZC1idWNrZXQifSx7IlgtQW16LUFsZ29yaXRobSI6IkFXUzQtSE1BQy1TSEEyNTYifSx7' +
  'IlgtQW16LUNyZWRlbnRpYWwiOiJBS0lERVhBTVBMRS8yMDI1MDMwNC9ldS1jZW50cmFsLTEvczMvYXdzNF9yZXF1ZXN0In0seyJY' +
  'LUFtei1EYXRlIjoiMjAyNTAzMDRUMDUwNjA3WiJ9LHsia2V5IjoidXBsb2Fkcy9VcGxvYWRGaWxlbmFtZS0yMDI1MDMwNF8wNTA2' +
  'MDctYWVhcWNhaWJhZWFxY2FpYmFlYXFjYWliYWUifV19' +
  '","x-amz-signature":"bbc320a4f51914a6ca2e2e52fce496e8f4cafdbe960e941ad4fa84552eed4b93"}}}';

t.test('the response is to the byte what it always was', async (t) => {
  const { get } = await appUnderTest(t, { randomBytes: (count) => Buffer.alloc(count, 1) });
  t.equal((await get()).body, CONTRACT);
});

t.test('a key with limits of its own gets a form within them', async (t) => {
  const { accessStore, get } = await appUnderTest(t);
  const policyFor = async (value: string) => {
    const { fields } = (await get('/getpresignedurl', { 'x-api-key': value })).json().url;
    return { fields, conditions: JSON.parse(Buffer.from(fields.policy, 'base64').toString()).conditions };
  };
  await addKey(accessStore, { value: 'small', maxBytes: 17 });
  t.match((await policyFor('small')).conditions, [['content-length-range', 0, 17]]);
  await addKey(accessStore, { value: 'large', maxBytes: 1_000_000 });
  t.match((await policyFor('large')).conditions, [['content-length-range', 0, 5_000]]);
  await addKey(accessStore, { value: 'pdf', allowedContentTypes: ['application/pdf'] });
  const pdf = await policyFor('pdf');
  t.equal(pdf.fields['Content-Type'], 'application/pdf');
  t.match(pdf.conditions[1], { 'Content-Type': 'application/pdf' });
});

t.test('a key for several content types gets no form that would take any', async (t) => {
  const { accessStore, get, faults } = await appUnderTest(t);
  for (const allowedContentTypes of [['image/*'], ['image/png', 'image/jpeg'], []]) {
    const value = `images ${allowedContentTypes}`;
    await addKey(accessStore, { value, allowedContentTypes });
    const response = await get('/getpresignedurl', { 'x-api-key': value });
    t.equal(response.statusCode, 403);
    t.match(response.json(), { code: 'ContentTypeNeeded', message: /POST \/v1\/uploads/ });
  }
  t.strictSame(faults.calls, []);
});

t.test('two requests never get the same key', async (t) => {
  const { get } = await appUnderTest(t);
  const [one, two] = await Promise.all([get(), get()]);
  t.not(one.json().url.fields.key, two.json().url.fields.key);
});

t.test('the upload is recorded as it was issued', async (t) => {
  const { get, uploadStore } = await appUnderTest(t);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const response = await get('/getpresignedurl', { 'x-api-key': KEY_VALUE, traceparent });
  const key = response.json().url.fields.key;
  const upload = await uploadStore.get(key);
  t.match(upload, {
    key,
    state: 'ISSUED',
    apiKeyId: KEY_ID,
    issuedAt: NOW,
    expiresAt: new Date('2025-03-04T05:06:37Z'),
    constraints: { method: 'post', minBytes: 0, maxBytes: 5_000 },
  });
  t.strictSame(upload?.metadata, {});
  t.match(upload?.traceparent, /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
});

t.test('without a usable traceparent a new trace begins', async (t) => {
  const { get, uploadStore } = await appUnderTest(t);
  for (const traceparent of [
    'garbage',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    undefined,
  ]) {
    const headers = { 'x-api-key': KEY_VALUE, ...(traceparent && { traceparent }) };
    const key = (await get('/getpresignedurl', headers)).json().url.fields.key;
    const upload = await uploadStore.get(key);
    t.match(upload?.traceparent, /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  }
});

t.test('no response before the upload is durable', async (t) => {
  const { get, faults, metrics } = await appUnderTest(t);
  const writing = faults.stallNext('before', 'putAll');
  let responded = false;
  const response = get().then((given) => {
    responded = true;
    return given;
  });
  await writing.reached;
  await new Promise(setImmediate);
  t.equal(responded, false);
  t.strictSame(metrics, []);
  writing.release();
  t.equal((await response).statusCode, 200);
  t.match(
    metrics.map((metric) => metric.name),
    ['UploadsIssued', 'RequestTime'],
  );
});

for (const side of ['before', 'after'] as const) {
  t.test(`the table fails ${side} the write: 503, soon again, no form`, async (t) => {
    const { get, faults, metrics, logLines } = await appUnderTest(t);
    for (const _attempt of [1, 2]) faults.failNext(side, 'putAll', new Error('the table is away'));
    const response = await get();
    t.equal(response.statusCode, 503);
    t.strictSame(response.json(), { message: 'Service Unavailable', code: 'ServiceUnavailable' });
    t.match(response.headers['retry-after'], /^[1-9][0-9]*$/);
    t.notOk(metrics.some((metric) => metric.name === 'UploadsIssued'));
    t.ok(metrics.some((metric) => metric.name === 'ServerErrors'));
    t.ok(
      logLines.some((line) => line.includes('the table is away') && line.includes('"level":"error"')),
      'the log says why',
    );
    t.equal((await get()).statusCode, 200, 'the next one is served');
  });
}

t.test('a form that cannot be signed is not given, and nothing is recorded', async (t) => {
  const { get, faults } = await appUnderTest(t, {
    signer: {
      begin: async () => {
        throw new Error('no credentials');
      },
    },
  });
  const response = await get();
  t.equal(response.statusCode, 503);
  t.notMatch(response.body, 'credentials');
  t.strictSame(faults.calls, []);
});

t.test(
  'a table that stays silent: 503 within the limit, and a form that comes too late is not given',
  async (t) => {
    const { get, faults, metrics } = await appUnderTest(t, { limits: { response: 20 } });
    const writing = faults.stallNext('before', 'putAll');
    const response = await get();
    t.equal(response.statusCode, 503);
    t.strictSame(response.json(), { message: 'Service Unavailable', code: 'ServiceUnavailable' });
    t.match(response.headers['retry-after'], /^[1-9][0-9]*$/);
    writing.release();
    await new Promise(setImmediate);
    t.notOk(metrics.some((metric) => metric.name === 'UploadsIssued'));
  },
);

t.test('HEAD issues nothing', async (t) => {
  const { app, faults } = await appUnderTest(t);
  const response = await app.inject({
    method: 'HEAD',
    url: '/getpresignedurl',
    headers: { 'x-api-key': KEY_VALUE },
  });
  t.equal(response.statusCode, 404);
  t.strictSame(faults.calls, []);
});

t.test('the path prefix stands before the routes, not before the probes', async (t) => {
  const { app, get } = await appUnderTest(t, { pathPrefix: '/prod/v2' });
  const create = (url: string) =>
    app.inject({ method: 'POST', url, headers: { 'x-api-key': KEY_VALUE }, payload: {} });
  t.equal((await create('/prod/v2/v1/uploads')).statusCode, 201);
  t.equal((await create('/v1/uploads')).statusCode, 404);
  t.equal((await get('/prod/v2/getpresignedurl')).statusCode, 200);
  t.equal((await get('/getpresignedurl')).statusCode, 404);
  t.equal((await get('/livez')).statusCode, 200);
  t.equal((await get('/readyz')).statusCode, 200);
});

t.test('a query changes nothing', async (t) => {
  const { get } = await appUnderTest(t);
  t.equal((await get('/getpresignedurl?filename=x&filename=y')).statusCode, 200);
});
