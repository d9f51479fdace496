import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import type { LightMyRequestResponse } from 'fastify';
import t, { type Test } from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { AppOptions } from '../src/app.ts';
import { addKey, appUnderTest, KEY_VALUE } from './app-under-test.ts';

const VERSION = { versionId: 'v1', eTag: 'e1', sizeBytes: 5, storedAt: new Date('2025-03-04T05:06:10.250Z') };
const READ_MS = 1_000;
const WAIT_MS = 20_000;

async function waiting(t: Test, overrides: Partial<AppOptions> = {}) {
  const clock = new VirtualClock();
  const underTest = await appUnderTest(t, { clock, ...overrides });
  const { app, faults } = underTest;
  const headers = { 'x-api-key': KEY_VALUE };
  async function issue(apiKey = KEY_VALUE): Promise<string> {
    const asked = { headers: { 'x-api-key': apiKey }, payload: {} };
    return (await app.inject({ method: 'POST', url: '/v1/uploads', ...asked })).json().id;
  }
  const id = await issue();
  const ask = (query: string, of = id, apiKey = KEY_VALUE): Promise<LightMyRequestResponse> =>
    app.inject({ method: 'GET', url: `/v1/uploads/${of}?${query}`, headers: { 'x-api-key': apiKey } });
  const count = (operation: string) => faults.calls.filter((call) => call.operation === operation).length;
  /** Lets a second pass in which the table is read once for one upload, and waits for that read. */
  async function nextRead(): Promise<void> {
    const before = clock.countSet(READ_MS);
    clock.advance(READ_MS);
    await clock.untilSet(READ_MS, before + 1);
  }
  const key = `uploads/${id}`;
  return { ...underTest, clock, headers, id, key, issue, ask, count, nextRead };
}

t.test('a change ends the wait within a second, and is what the response says', async (t) => {
  const { ask, clock, key, nextRead, uploadStore, count } = await waiting(t);
  const response = ask('wait=20');
  await clock.untilSet(WAIT_MS);
  await nextRead();
  await uploadStore.claim(key, VERSION);
  clock.advance(READ_MS);
  t.match((await response).json(), { state: 'CLAIMED', sizeBytes: 5 });
  t.equal(count('queryLast'), 2);
});

t.test('without a change the response comes after the wait, by one read a second', async (t) => {
  const { ask, clock, count, nextRead } = await waiting(t);
  const response = ask('wait=3');
  await clock.untilSet(3_000);
  for (let second = 1; second < 3; second += 1) await nextRead();
  t.equal(count('get'), 2);
  clock.advance(READ_MS);
  t.match((await response).json(), { state: 'ISSUED' });
});

t.test('a final state is responded at once, and so is one that the client does not know', async (t) => {
  const { ask, key, uploadStore, clock } = await waiting(t);
  t.match((await ask('wait=20&state=CLAIMED')).json(), { state: 'ISSUED' });
  t.match((await ask('wait=0')).json(), { state: 'ISSUED' });
  await uploadStore.revoke(key);
  t.match((await ask('wait=20')).json(), { state: 'REVOKED' });
  t.equal(clock.countSet(WAIT_MS), 0);
});

t.test('however many wait for one upload, it is read once a second', async (t) => {
  const { ask, clock, count, key, nextRead, uploadStore } = await waiting(t);
  const asked = Array.from({ length: 5 }, () => ask('wait=20&state=ISSUED'));
  await clock.untilSet(WAIT_MS, 5);
  await nextRead();
  t.equal(count('get'), 1);
  await uploadStore.claim(key, VERSION);
  clock.advance(READ_MS);
  for (const response of await Promise.all(asked)) t.match(response.json(), { state: 'CLAIMED' });
});

t.test(
  'of all connections a quarter can wait, half of that with one key; others get a response',
  async (t) => {
    const { accessStore, ask, clock, issue } = await waiting(t, { maxConnections: 16 });
    await addKey(accessStore, { value: 'another' });
    await addKey(accessStore, { value: 'a third' });
    const ofOther = await issue('another');
    const ofThird = await issue('a third');
    const held = [ask('wait=20'), ask('wait=20')];
    await clock.untilSet(WAIT_MS, 2);
    t.match((await ask('wait=20')).json(), { state: 'ISSUED' }, 'one more of this key');
    held.push(ask('wait=20', ofOther, 'another'), ask('wait=20', ofOther, 'another'));
    await clock.untilSet(WAIT_MS, 4);
    t.match((await ask('wait=20', ofThird, 'a third')).json(), { state: 'ISSUED' }, 'one more of all');
    clock.advance(WAIT_MS);
    await Promise.all(held);
    const next = ask('wait=20', ofThird, 'a third');
    await clock.advanceWhenSet(WAIT_MS, 5);
    t.match((await next).json(), { state: 'ISSUED' }, 'places come back');
  },
);

t.test('a read that fails does not end the wait; the last one tells of it', async (t) => {
  const { ask, clock, faults, nextRead } = await waiting(t);
  const response = ask('wait=2');
  await clock.untilSet(2_000);
  faults.failNext('before', 'get', new Error('the table is away'));
  await nextRead();
  faults.failNext('before', 'queryLast', new Error('the table is away'));
  clock.advance(READ_MS);
  t.equal((await response).statusCode, 503);
});

t.test('a table that does not respond: 503 in the time of a response', async (t) => {
  const { ask, clock, faults } = await waiting(t);
  const reading = faults.stallNext('before', 'queryLast');
  const response = ask('wait=20');
  await reading.reached;
  clock.advance(5_000);
  t.equal((await response).statusCode, 503);
  reading.release();
});

t.test('a client that leaves ends its wait, and the reads for it', async (t) => {
  const { app, clock, count, id } = await waiting(t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const client = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  client.write(`GET /v1/uploads/${id}?wait=20 HTTP/1.1\r\nHost: x\r\nx-api-key: ${KEY_VALUE}\r\n\r\n`);
  await clock.untilSet(WAIT_MS);
  client.destroy();
  await once(client, 'close');
  while (clock.pendingCount > 1) await new Promise(setImmediate);
  clock.advance(WAIT_MS);
  t.equal(count('get'), 0);
  t.equal(clock.pendingCount, 0);
  t.equal(count('queryLast'), 1, 'nothing is read for a client that is gone');
});

t.test('a service that stops ends the waits with the state as it is', async (t) => {
  const { app, ask, clock } = await waiting(t);
  const response = ask('wait=20');
  await clock.untilSet(WAIT_MS);
  const closed = app.close();
  t.match((await response).json(), { state: 'ISSUED' });
  await closed;
});

t.test('what is no wait, and no state', async (t) => {
  const { ask } = await waiting(t);
  for (const [query, message] of [
    ['wait=21', '"wait" is a whole number of seconds from 0 to 20, not 21'],
    ['wait=-1', '"wait" is a whole number of seconds from 0 to 20, not "-1"'],
    ['wait=', '"wait" is a whole number of seconds from 0 to 20, not ""'],
    ['wait=1&wait=2', '"wait" is a whole number of seconds from 0 to 20, not ["1","2"]'],
    ['state=NONE', /^"state" is one of ISSUED, .+, not "NONE"$/],
  ] as const) {
    const response = await ask(query);
    t.equal(response.statusCode, 400, query);
    t.match(response.json(), { message, code: 'BadRequest' });
  }
});
