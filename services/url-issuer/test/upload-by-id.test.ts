import { ObservedKind } from '@upload-once/uploads';
import { newUpload } from '@upload-once/uploads/testing';
import t, { type Test } from 'tap';
import { addKey, appUnderTest, KEY_ID, KEY_VALUE, NOW } from './app-under-test.ts';

const VERSION = {
  versionId: 'v1',
  eTag: 'e1',
  sizeBytes: 5,
  storedAt: new Date('2025-03-04T05:06:10.250Z'),
};
const ACCEPTANCE = { claimedVersionId: 'v1', acceptedVersionId: 'copy' };
const LEASE = { acceptedVersionId: 'copy', leaseOwner: 'w', leaseSeconds: 60 };
const NOT_FOUND = { message: 'There is no such upload of this API key', code: 'UploadNotFound' };

async function issued(t: Test, body: object = {}) {
  const clock = { now: NOW };
  const underTest = await appUnderTest(t, { now: () => clock.now });
  const { app, accessStore, faults } = underTest;
  const call = (method: 'GET' | 'DELETE', id: string, apiKey = KEY_VALUE) =>
    app.inject({
      method,
      url: `/v1/uploads/${encodeURIComponent(id)}`,
      headers: { 'x-api-key': apiKey },
    });
  const headers = { 'x-api-key': KEY_VALUE };
  const { id } = (await app.inject({ method: 'POST', url: '/v1/uploads', headers, payload: body })).json();
  await addKey(accessStore, { value: 'another client' });
  const before = faults.calls.length;
  const calls = () => faults.calls.slice(before).map(({ operation }) => operation);
  const moveTo = (seconds: number) => {
    clock.now = new Date(VERSION.storedAt.getTime() + seconds * 1000);
  };
  return { ...underTest, id, key: `uploads/${id}`, call, calls, moveTo };
}

t.test('an upload that has an unprintable name from before can be looked at and revoked', async (t) => {
  const { app, uploadStore } = await appUnderTest(t);
  const key = 'uploads/invoice\u202efdp\u2028-20250304_050607-aaaaaaaaaaaaaaaaaaaaaaaaaa';
  await uploadStore.issue(newUpload(key, { apiKeyId: KEY_ID, issuedAt: NOW, expiresAt: NOW }));
  const url = `/v1/uploads/${encodeURIComponent(key.slice('uploads/'.length))}`;
  const headers = { 'x-api-key': KEY_VALUE };
  const found = await app.inject({ method: 'GET', url, headers });
  t.match(found.json(), { id: key.slice('uploads/'.length), state: 'ISSUED' });
  t.equal((await app.inject({ method: 'DELETE', url, headers })).statusCode, 204);
});

t.test('whatever a client says of a body that it does not send, the response is as without', async (t) => {
  const { app, id } = await issued(t);
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense']) {
    for (const length of [{}, { 'content-length': '0' }]) {
      const headers = { 'x-api-key': KEY_VALUE, 'content-type': type, ...length };
      for (const [method, status] of [
        ['GET', 200],
        ['DELETE', 204],
      ] as const) {
        const response = await app.inject({ method, url: `/v1/uploads/${id}`, headers });
        t.equal(response.statusCode, status, `${method} ${type}`);
      }
    }
  }
});

t.test('an upload for which nothing came', async (t) => {
  const asked = {
    name: 'Zähler 1+1 100%?#',
    contentType: 'text/csv',
    maxBytes: 7,
    sha256: 'ab'.repeat(32),
    metadata: { a: 'b' },
  };
  const { id, call, calls } = await issued(t, asked);
  const response = await call('GET', id);
  t.equal(response.statusCode, 200);
  t.strictSame(response.json(), {
    id,
    state: 'ISSUED',
    method: 'post',
    contentType: 'text/csv',
    minBytes: 0,
    maxBytes: 7,
    metadata: { a: 'b' },
    issuedAt: '2025-03-04T05:06:07.890Z',
    expiresAt: '2025-03-04T05:06:37.000Z',
    sha256: 'ab'.repeat(32),
    duplicates: 0,
    refused: 0,
    duplicatesRemoved: 0,
    refusedRemoved: 0,
  });
  t.strictSame(calls(), ['queryLast'], 'it is one Query');
});

t.test('an upload on its way, and at its end', async (t) => {
  const { id, key, call, uploadStore, moveTo } = await issued(t);
  moveTo(1);
  await uploadStore.claim(key, VERSION);
  t.match((await call('GET', id)).json(), {
    state: 'CLAIMED',
    storedAt: '2025-03-04T05:06:10.250Z',
    claimedAt: '2025-03-04T05:06:11.250Z',
    sizeBytes: 5,
    eTag: 'e1',
  });
  moveTo(2);
  await uploadStore.accept(key, ACCEPTANCE);
  await uploadStore.startProcessing(key, LEASE);
  t.match((await call('GET', id)).json(), { state: 'PROCESSING', leadTimeSeconds: undefined });
  moveTo(3.5);
  await uploadStore.finish(key, 1);
  await uploadStore.recordObservedVersion(key, ObservedKind.duplicate, { ...VERSION, versionId: 'v2' });
  await uploadStore.recordObservedVersion(key, ObservedKind.duplicate, { ...VERSION, versionId: 'v3' });
  const done = (await call('GET', id)).json();
  t.match(done, {
    state: 'PROCESSED',
    acceptedAt: '2025-03-04T05:06:12.250Z',
    processedAt: '2025-03-04T05:06:13.750Z',
    duplicates: 2,
    refused: 0,
    leadTimeSeconds: 3.5,
  });
  t.notMatch(JSON.stringify(done), /copy|lease|writer|traceparent|apiKey/, 'nothing of what is within');
});

t.test('a form that was used any number of times is as quickly looked at: 1,000 are counted', async (t) => {
  const { id, key, call, calls, uploadStore } = await issued(t);
  await uploadStore.claim(key, VERSION);
  for (let at = 0; at < 1_005; at += 1)
    await uploadStore.recordObservedVersion(key, ObservedKind.duplicate, {
      ...VERSION,
      versionId: `copy-${at}`,
    });
  const before = calls().length;
  const response = await call('GET', id);
  t.equal(response.statusCode, 200);
  t.match(response.json(), { state: 'CLAIMED', duplicates: 1_000, refused: 0, duplicatesRemoved: 0 });
  t.strictSame(calls().slice(before), ['queryLast']);
});

t.test('a flood is reported by how many were removed beyond those that are kept', async (t) => {
  const { id, key, call, calls, uploadStore } = await issued(t);
  await uploadStore.claim(key, VERSION);
  await uploadStore.recordObservedVersion(key, ObservedKind.duplicate, { ...VERSION, versionId: 'v2' });
  await uploadStore.countSurplus(key, ObservedKind.duplicate, 2_990);
  await uploadStore.countSurplus(key, ObservedKind.orphan, 5);
  const before = calls().length;
  t.match((await call('GET', id)).json(), {
    duplicates: 1,
    refused: 0,
    duplicatesRemoved: 2_990,
    refusedRemoved: 0,
  });
  t.strictSame(calls().slice(before), ['queryLast']);
});

t.test(
  'a failed upload keeps the reason to itself, and tells what the handler has for the client',
  async (t) => {
    const { id, key, call, uploadStore, moveTo } = await issued(t);
    await uploadStore.claim(key, VERSION);
    await uploadStore.accept(key, ACCEPTANCE);
    await uploadStore.startProcessing(key, LEASE);
    await uploadStore.fail(key, 1, { failureReason: 'password of the database' });
    const response = await call('GET', id);
    t.match(response.json(), { state: 'FAILED', failedAt: NOW.toISOString(), failureReason: undefined });
    t.notMatch(response.body, 'password');

    await uploadStore.startProcessing(key, LEASE);
    const again = (await call('GET', id)).json();
    t.match(again, { state: 'PROCESSING', failedAt: undefined }, 'after a redrive');
    moveTo(9);
    await uploadStore.fail(key, 2, { failureReason: 'row 7', clientFailureReason: 'Column 3 is empty.' });
    t.match((await call('GET', id)).json(), {
      state: 'FAILED',
      failedAt: '2025-03-04T05:06:19.250Z',
      failureReason: 'Column 3 is empty.',
    });
  },
);

t.test('P5: revoking', async (t) => {
  const { id, key, call, uploadStore, moveTo } = await issued(t);
  const response = await call('DELETE', id);
  t.equal(response.statusCode, 204);
  t.equal(response.body, '');
  t.match(await uploadStore.claim(key, VERSION), { applied: false, upload: { state: 'REVOKED' } });
  moveTo(60);
  t.equal((await call('DELETE', id)).statusCode, 204, 'again is no error');
  await uploadStore.recordObservedVersion(key, ObservedKind.refused, VERSION);
  t.match((await call('GET', id)).json(), {
    state: 'REVOKED',
    revokedAt: '2025-03-04T05:06:07.890Z',
    duplicates: 0,
    refused: 1,
  });
});

t.test('what has been claimed can’t be revoked', async (t) => {
  const { id, key, call, uploadStore } = await issued(t);
  await uploadStore.claim(key, VERSION);
  const response = await call('DELETE', id);
  t.equal(response.statusCode, 409);
  t.match(response.json(), { code: 'AlreadyClaimed', message: /CLAIMED/ });
  t.match(await uploadStore.get(key), { state: 'CLAIMED' });
});

t.test('a claim between look and write wins', async (t) => {
  const { id, key, call, uploadStore, faults } = await issued(t);
  const writing = faults.stallNext('before', 'update');
  const response = call('DELETE', id);
  await writing.reached;
  await uploadStore.claim(key, VERSION);
  writing.release();
  t.equal((await response).statusCode, 409);
});

t.test('an upload of another key and one that does not exist get the same response', async (t) => {
  const { id, key, call, calls, uploadStore } = await issued(t);
  await uploadStore.recordObservedVersion('uploads/an-orphan', ObservedKind.orphan, VERSION);
  const ids = [id, 'no-such-upload', 'an-orphan', '', '../x', 'x'.repeat(1_016), 'x'.repeat(4_000), '\0'];
  for (const method of ['GET', 'DELETE'] as const) {
    for (const asked of ids) {
      const response = await call(method, asked, 'another client');
      t.equal(response.statusCode, 404, `${method} ${asked.slice(0, 20)}`);
      if (asked.length > 0 && asked.length < 4_000) t.strictSame(response.json(), NOT_FOUND, asked);
    }
    t.equal((await call(method, id, 'no key at all')).statusCode, 403);
  }
  t.notOk(calls().includes('update'), 'nothing was changed');
  t.match(await uploadStore.get(key), { state: 'ISSUED' });
});

t.test('the table is away: 503, soon again', async (t) => {
  const { id, call, faults } = await issued(t);
  for (const [method, operation] of [
    ['GET', 'queryLast'],
    ['DELETE', 'get'],
    ['DELETE', 'update'],
  ] as const) {
    faults.failNext('before', operation, new Error('the table is away'));
    const response = await call(method, id);
    t.equal(response.statusCode, 503, `${method} ${operation}`);
    t.match(response.headers['retry-after'], /^[1-9][0-9]*$/);
  }
});
