import { randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createApiKey, createDynamoDbAccessStore, createDynamoDbQuotaCounters } from '@upload-once/access';
import { waitFor } from '@upload-once/local-stack/outcome.ts';
import t from 'tap';
import { startFaultStack } from '../src/fault-stack.ts';
import { faultAt } from '../src/kill-points/fault-at.ts';
import { describePoint, type KillPoint } from '../src/kill-points/kill-point.ts';
import { lookFromOutside } from '../src/outside.ts';

/** Decides nothing: tap's own, half a minute, would break a file off that runs by itself. */
t.setTimeout(600_000);

const PUT = 'dynamodb PutItem';
const UPDATE = 'dynamodb UpdateItem';

const stack = await startFaultStack({ logFolder: t.testdir(), visibilitySeconds: 4, maxReceiveCount: 20 });
t.teardown(() => stack.stop());
const outside = lookFromOutside(stack);
t.teardown(() => outside.close());
const issuer = await stack.add('url-issuer', { LINK_ORIGIN: 'http://127.0.0.1' });
const { region, credentials, endpoints, tables } = stack;
const client = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
t.teardown(() => client.destroy());
const access = { client, tableName: tables.access };

const point = (name: string, occurrence: number, side: KillPoint['side']): KillPoint => ({
  signal: 'SIGKILL',
  name,
  occurrence,
  side,
});

async function makeKey() {
  const settings = { name: 'of a round', ratePerSecond: 100, burst: 100, dailyQuota: 5 };
  const store = createDynamoDbAccessStore(access);
  const { value, key } = await createApiKey(settings, { store, randomBytes, now: () => new Date() });
  return { apiKey: value, keyId: key.keyId };
}

/** Undefined: the connection broke. */
async function ask(path: string, headers: Record<string, string>, body?: object) {
  try {
    const response = await fetch(new URL(path, await issuer.url()), {
      method: 'POST',
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  } catch {
    return undefined;
  }
}

const tokenOf = ({ url = '' }: Record<string, string>) => url.slice(url.indexOf('#') + 1);
const view = (token: string) => ask('/u/view', { authorization: `Bearer ${token}` });

// The record of the Idempotency-Key, the upload, the index and the link.
const points = [1, 2, 3, 4].flatMap((occurrence) => [
  point(PUT, occurrence, 'before'),
  point(PUT, occurrence, 'after'),
]);

for (const killed of [...points, point(UPDATE, 1, 'before'), point(UPDATE, 1, 'after')]) {
  t.test(`P7: ${describePoint(killed)}: a repeat gives one working link`, async (t) => {
    const { apiKey, keyId } = await makeKey();
    const headers = { 'x-api-key': apiKey, 'idempotency-key': randomUUID() };
    const create = () => ask('/v1/links', headers, { title: 'of a round' });
    if (!issuer.isRunning) await issuer.start();
    const armed = faultAt(issuer, killed, () => undefined);
    issuer.proxy.judge(armed.judge);
    t.equal(await create(), undefined, 'no link left the service');
    t.ok(armed.reachedAfter, 'the call was reached');
    issuer.proxy.judge();
    await issuer.ended();
    await issuer.start();

    // With a quota, the upload is for ten seconds its dead task's alone.
    const repeated = await waitFor(
      create,
      (response) => response?.status !== 503,
      () => 'no link for the repeats',
      60_000,
    );
    t.equal(repeated?.status, 201);
    const first = tokenOf(repeated?.body ?? {});
    t.match(await view(first), { status: 200, body: { state: 'open', title: 'of a round' } });
    const again = await create();
    t.equal(again?.body['id'], repeated?.body['id']);
    t.equal((await view(first))?.status, 403, 'the URL before works no more');
    t.match(await view(tokenOf(again?.body ?? {})), { status: 200, body: { state: 'open' } });

    const records = (await Array.fromAsync(outside.records())).flat();
    const uploads = records.filter((record) => 'upload' in record && record.upload.apiKeyId === keyId);
    t.equal(uploads.length, 1, 'there is one upload');
    const day = new Date().toISOString().slice(0, 10);
    const used = await createDynamoDbQuotaCounters(access).used({ keyId, day });
    t.ok(used >= 1 && used <= 2, `${used} units are used: a process that dies in between can cost one`);
  });
}
