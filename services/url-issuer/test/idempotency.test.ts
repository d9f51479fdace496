import { createMemoryIdempotencyStore } from '@upload-once/access/testing';
import t, { type Test } from 'tap';
import { addKey, appUnderTest, DEFAULTS, KEY_VALUE, NOW } from './app-under-test.ts';

async function issuer(t: Test, overrides: Parameters<typeof appUnderTest>[1] = {}) {
  const clock = { now: NOW };
  const now = () => clock.now;
  const idempotencyStore = createMemoryIdempotencyStore({ now });
  const underTest = await appUnderTest(t, { now, idempotencyStore, ...overrides });
  const create = (body: object, idempotencyKey: string, apiKey = KEY_VALUE) =>
    underTest.app.inject({
      method: 'POST',
      url: '/v1/uploads',
      headers: { 'x-api-key': apiKey, 'idempotency-key': idempotencyKey },
      payload: body,
    });
  const issued = () => underTest.metrics.filter(({ name }) => name === 'UploadsIssued').length;
  return { ...underTest, idempotencyStore, create, issued, clock };
}

const BODY = { name: 'report', contentType: 'text/csv', metadata: { a: 'b', c: 'd' } };

t.test('the same request with the same key gives the same upload, to the byte', async (t) => {
  const { create, issued, clock } = await issuer(t);
  const first = await create(BODY, 'one');
  t.equal(first.statusCode, 201);
  clock.now = new Date(NOW.getTime() + 10_000);
  const reordered = { metadata: { c: 'd', a: 'b' }, contentType: 'text/csv', name: 'report' };
  for (const body of [BODY, reordered]) {
    const again = await create(body, 'one');
    t.equal(again.statusCode, 201);
    t.equal(again.body, first.body);
  }
  t.equal(issued(), 1);
});

t.test('it shows what became of the upload meanwhile', async (t) => {
  const { create, uploadStore } = await issuer(t);
  const { id } = (await create(BODY, 'one')).json();
  const version = { versionId: 'v1', eTag: 'e', sizeBytes: 1, storedAt: NOW };
  await uploadStore.claim(`uploads/${id}`, version);
  t.match((await create(BODY, 'one')).json(), { id, state: 'CLAIMED' });
});

t.test('a repeat after the upload was revoked gets no form: 409, which says so', async (t) => {
  const { create, uploadStore, issued, metrics } = await issuer(t);
  const { id } = (await create(BODY, 'one')).json();
  await uploadStore.revoke(`uploads/${id}`);
  for (let repeat = 0; repeat < 2; repeat += 1) {
    const refused = await create(BODY, 'one');
    t.equal(refused.statusCode, 409);
    t.strictSame(refused.json(), {
      message:
        'The upload of this Idempotency-Key was revoked: whatever arrives for it is not accepted. A new upload needs a new Idempotency-Key',
      code: 'UploadRevoked',
    });
  }
  t.match(metrics.at(-1), { name: 'RequestsRefused', dimensions: { Reason: 'UploadRevoked' } });
  t.equal((await create({ ...BODY, name: 'another' }, 'one')).statusCode, 422, 'another body is told first');
  const anew = await create(BODY, 'two');
  t.equal(anew.statusCode, 201);
  t.not(anew.json().id, id);
  t.equal(issued(), 2);
});

t.test('another request with the same key is refused', async (t) => {
  const { create, issued } = await issuer(t);
  await create(BODY, 'one');
  const other = await create({ ...BODY, name: 'another' }, 'one');
  t.equal(other.statusCode, 422);
  t.match(other.json(), { code: 'IdempotencyKeyReused', message: /another body/ });
  t.equal(issued(), 1);
});

t.test('other keys, and other clients’ keys, give other uploads', async (t) => {
  const { create, accessStore, issued } = await issuer(t);
  await addKey(accessStore, { value: 'another client' });
  const ids = [
    (await create(BODY, 'one')).json().id,
    (await create(BODY, 'two')).json().id,
    (await create(BODY, '"one"')).json().id,
    (await create(BODY, 'one', 'another client')).json().id,
  ];
  t.equal(new Set(ids).size, 4);
  t.equal(issued(), 4);
});

t.test('many at once issue one upload, and all get it', async (t) => {
  const { create, issued, faults } = await issuer(t);
  const writing = faults.stallNext('before', 'putIfAbsent');
  const all = Promise.all(Array.from({ length: 6 }, () => create(BODY, 'one')));
  await writing.reached;
  writing.release();
  const bodies = (await all).map(({ body }) => body);
  t.equal(new Set(bodies).size, 1);
  t.match(JSON.parse(bodies[0] ?? ''), { state: 'ISSUED' });
  t.equal(issued(), 1);
  t.equal(faults.calls.filter(({ operation }) => operation === 'putIfAbsent').length, 1);
});

t.test('another body at the same time is refused, whichever comes first', async (t) => {
  const { create, issued } = await issuer(t);
  const bodies = [BODY, { ...BODY, name: 'another' }, BODY, { ...BODY, name: 'another' }];
  const responses = await Promise.all(bodies.map((body) => create(body, 'one')));
  t.strictSame(
    responses.map(({ statusCode }) => statusCode),
    [201, 422, 201, 422],
  );
  t.equal(responses[0]?.body, responses[2]?.body);
  t.equal(issued(), 1);
});

t.test('cut short at any write, the next attempt finishes it', async (t) => {
  for (const side of ['before', 'after'] as const) {
    const { create, faults } = await issuer(t);
    faults.failNext(side, 'putIfAbsent', new Error('the table is away'));
    const cut = await create(BODY, 'one');
    t.equal(cut.statusCode, 503);
    const key = faults.calls.find(({ operation }) => operation === 'putIfAbsent')?.key;
    const again = await create(BODY, 'one');
    t.equal(again.statusCode, 201, side);
    t.equal(`uploads/${again.json().id}`, key, 'it is the upload that was begun');
  }
});

t.test('the record of the key fails: 503, and the next attempt gets an upload', async (t) => {
  const { idempotencyStore, create, issued } = await issuer(t);
  const { reserve } = idempotencyStore;
  idempotencyStore.reserve = async (...args) => {
    idempotencyStore.reserve = reserve;
    await reserve(...args);
    throw new Error('no response');
  };
  t.equal((await create(BODY, 'one')).statusCode, 503);
  t.equal((await create(BODY, 'one')).statusCode, 201);
  t.equal((await create(BODY, 'one')).statusCode, 201);
  t.equal(issued(), 1);
});

t.test('cut short, and come back later: it is good for as long as was ordered, from then on', async (t) => {
  for (const seconds of [1, 27, 600]) {
    const { create, faults, clock, issued } = await issuer(t);
    faults.failNext('before', 'putIfAbsent', new Error('the table is away'));
    t.equal((await create(BODY, 'one')).statusCode, 503);
    clock.now = new Date(NOW.getTime() + seconds * 1000);
    const late = await create(BODY, 'one');
    t.equal(late.statusCode, 201);
    const wholeSecond = Math.floor(clock.now.getTime() / 1000);
    t.match(late.json(), {
      state: 'ISSUED',
      expiresAt: new Date((wholeSecond + 30) * 1000).toISOString(),
    });
    t.equal((await create(BODY, 'one')).body, late.body);
    t.equal(issued(), 1);
  }
});

t.test('an upload whose form has ended stays the same upload, and says so', async (t) => {
  const { create, clock, issued } = await issuer(t);
  const first = await create(BODY, 'one');
  clock.now = new Date(NOW.getTime() + 600_000);
  t.equal((await create(BODY, 'one')).body, first.body);
  t.equal(issued(), 1);
});

t.test('after a day a key is as good as new', async (t) => {
  const { create, clock, issued } = await issuer(t);
  const first = (await create(BODY, 'one')).json();
  clock.now = new Date(NOW.getTime() + 86_402_000);
  t.not((await create({ name: 'another' }, 'one')).json().id, first.id);
  t.equal(issued(), 2);
});

t.test('the form is signed from what was recorded, whatever the defaults have become', async (t) => {
  const first = await issuer(t);
  const given = (await first.create({}, 'one')).json();
  const { app } = await appUnderTest(t, {
    now: () => NOW,
    accessStore: first.accessStore,
    uploadStore: first.uploadStore,
    idempotencyStore: first.idempotencyStore,
    defaults: { ...DEFAULTS, namePart: 'other', maxBytes: 1, lifetimeSeconds: 7, lifetimeMaxSeconds: 7 },
  });
  const headers = { 'x-api-key': KEY_VALUE, 'idempotency-key': 'one' };
  const again = await app.inject({ method: 'POST', url: '/v1/uploads', headers, payload: {} });
  t.strictSame(again.json(), given);
});

t.test('a key that is none', async (t) => {
  const { create, app, issued } = await issuer(t);
  for (const key of ['', 'x'.repeat(256), 'tab\tbed', 'Schlüssel']) {
    const response = await create(BODY, key);
    t.equal(response.statusCode, 400, JSON.stringify(key));
    t.match(response.json(), {
      message: /^"idempotency-key" is 1 to 255 characters of printable ASCII, not "/,
    });
  }
  const twice = await app.inject({
    method: 'POST',
    url: '/v1/uploads',
    headers: { 'x-api-key': KEY_VALUE, 'idempotency-key': ['a', 'b'] },
    payload: {},
  });
  t.equal(twice.statusCode, 400);
  t.match(twice.json(), { message: 'Idempotency-Key is sent once, not 2 times' });
  t.equal(issued(), 0);
  t.equal((await create(BODY, 'x'.repeat(255))).statusCode, 201);
});
