import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as passes } from 'node:timers/promises';
import { createDynamoDbAccessStore } from '@upload-once/access';
import t from 'tap';
import { codeAlarm, isSetOff } from '../../../test/support/code-alarm.ts';
import { recordOutput } from '../../../test/support/record-output.ts';
import { addKey, appUnderTest, KEY_VALUE } from './app-under-test.ts';
import { environmentFor, startIssuer } from './issuer-process.ts';
import { ACCESS_TABLE, startTables } from './start-tables.ts';

t.test('alarm server-errors: a table that does not respond to five requests sets it off', async (t) => {
  const alarm = codeAlarm('server-errors');
  const now = new Date('2026-01-01T00:00:00.000Z');
  const { metrics, written } = recordOutput('url-issuer', () => now);
  const { get, faults } = await appUnderTest(t, { metrics });
  for (let failed = 1; failed <= 5; failed += 1) {
    t.notOk(isSetOff(alarm, 'url-issuer', written()), `${failed - 1} failed`);
    for (const _attempt of [1, 2]) faults.failNext('before', 'putAll', new Error('no response'));
    t.equal((await get()).statusCode, 503);
  }
  t.ok(isSetOff(alarm, 'url-issuer', written()));
});

t.test(
  'alarm request-time: a table that takes two seconds for a quarter of an hour sets it off',
  async (t) => {
    const alarm = codeAlarm('request-time');
    const clock = { now: new Date('2026-01-01T00:00:00.000Z') };
    const { metrics, written } = recordOutput('url-issuer', () => clock.now);
    const records: PromiseWithResolvers<void>[] = [];
    const allAsked = Promise.withResolvers<void>();
    const slow = {
      record() {
        const held = Promise.withResolvers<void>();
        if (records.push(held) === alarm.periods) allAsked.resolve();
        return held.promise;
      },
    };
    const { get } = await appUnderTest(t, { metrics, issuedUploads: slow });
    const requests = Array.from({ length: alarm.periods }, () => get());
    await allAsked.promise;
    // What the alarm is about is real time, and a timer can be a millisecond early.
    await passes(alarm.threshold + 10);
    for (const [at, request] of requests.entries()) {
      t.notOk(isSetOff(alarm, 'url-issuer', written()), `${at} periods`);
      records[at]?.resolve();
      await request;
      clock.now = new Date(clock.now.getTime() + alarm.periodSeconds * 1000);
    }
    t.ok(isSetOff(alarm, 'url-issuer', written()));
  },
);

t.test('alarm rate-store-away: a store that nothing listens for sets it off', async (t) => {
  const alarm = codeAlarm('rate-store-away');
  const nothing = createServer().listen(0, '127.0.0.1');
  await once(nothing, 'listening');
  const { port } = nothing.address() as { port: number };
  nothing.close();
  await once(nothing, 'close');
  const tables = await startTables(t);
  await addKey(createDynamoDbAccessStore({ client: tables.client, tableName: ACCESS_TABLE }), {
    value: KEY_VALUE,
  });
  const issuer = startIssuer(t, {
    ...environmentFor(tables.endpoint),
    RATE_LIMIT_STORE_URL: `redis://127.0.0.1:${port}`,
  });
  const url = await issuer.url();
  t.notOk(isSetOff(alarm, 'url-issuer', issuer.lines));
  const { status } = await fetch(`${url}/getpresignedurl`, { headers: { 'x-api-key': KEY_VALUE } });
  t.equal(status, 200, 'the request is served');
  issuer.child.kill('SIGTERM');
  await issuer.exit;
  t.ok(isSetOff(alarm, 'url-issuer', issuer.lines));
});
