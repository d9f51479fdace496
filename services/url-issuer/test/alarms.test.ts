import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as passes } from 'node:timers/promises';
import { createDynamoDbAccessStore } from '@upload-once/access';
import t from 'tap';
import {
  codeAlarm,
  entryAlarm,
  isSetOff,
  isSetOffBy,
  type MetricValue,
} from '../../../test/support/code-alarm.ts';
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

/**
 * Requests as they come in through a load balancer or an HTTP API of AWS, and what these count. Assumed of AWS: either responds with 5xx
 * itself to a request that no task takes, or whose connection a task breaks; the load balancer counts only these (HTTPCode_ELB_5XX_Count),
 * the API also 5xx of the issuer (5xx).
 */
function createEntry(url: string) {
  const now = Date.parse('2026-01-01T00:00:00.000Z');
  const counted = { ofLoadBalancer: [] as MetricValue[], ofApi: [] as MetricValue[] };
  return {
    counted,
    async request(): Promise<number | 'none'> {
      const headers = { 'x-api-key': KEY_VALUE };
      const status = await fetch(`${url}/getpresignedurl`, { headers }).then(
        (response) => response.status,
        () => 'none' as const,
      );
      if (status === 'none') counted.ofLoadBalancer.push({ atMs: now, value: 1 });
      if (status === 'none' || status >= 500) counted.ofApi.push({ atMs: now, value: 1 });
      return status;
    },
  };
}

t.test('alarm load-balancer-errors: a task that ended sets it off, and that of an API', async (t) => {
  const [ofLoadBalancer, ofApi] = [entryAlarm('load-balancer-errors'), entryAlarm('api-errors')];
  t.match(ofLoadBalancer, { metric: 'HTTPCode_ELB_5XX_Count', statistic: 'Sum' });
  t.match(ofApi, { metric: '5xx', statistic: 'Sum' });
  const tables = await startTables(t);
  const store = createDynamoDbAccessStore({ client: tables.client, tableName: ACCESS_TABLE });
  await addKey(store, { value: KEY_VALUE });
  const issuer = startIssuer(t, environmentFor(tables.endpoint));
  const { request, counted } = createEntry(await issuer.url());
  for (let count = 0; count < ofApi.threshold; count += 1) t.equal(await request(), 200);
  issuer.child.kill('SIGKILL');
  await issuer.exit;
  for (let failed = 0; failed < ofApi.threshold; failed += 1) {
    t.notOk(isSetOffBy(ofLoadBalancer, counted.ofLoadBalancer), `${failed} failed`);
    t.notOk(isSetOffBy(ofApi, counted.ofApi), `${failed} failed`);
    t.equal(await request(), 'none');
  }
  t.ok(isSetOffBy(ofLoadBalancer, counted.ofLoadBalancer));
  t.ok(isSetOffBy(ofApi, counted.ofApi));
});

t.test(
  'alarm api-errors: a table that does not respond sets it off, and no alarm of the load balancer',
  async (t) => {
    const [ofLoadBalancer, ofApi] = [entryAlarm('load-balancer-errors'), entryAlarm('api-errors')];
    const { app, faults } = await appUnderTest(t);
    const { request, counted } = createEntry(await app.listen({ host: '127.0.0.1', port: 0 }));
    for (let failed = 0; failed < ofApi.threshold; failed += 1) {
      t.notOk(isSetOffBy(ofApi, counted.ofApi), `${failed} failed`);
      for (const _attempt of [1, 2]) faults.failNext('before', 'putAll', new Error('no response'));
      t.equal(await request(), 503);
    }
    t.ok(isSetOffBy(ofApi, counted.ofApi));
    t.notOk(isSetOffBy(ofLoadBalancer, counted.ofLoadBalancer), 'it has url-issuer-server-errors');
  },
);
