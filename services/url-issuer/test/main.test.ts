import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoDbAccessStore } from '@upload-once/access';
import { createDynamoDbUploadStore } from '@upload-once/uploads';
import t from 'tap';
import { metricTotal, metricValues } from '../../../test/support/metric-total.ts';
import { NO_CREDENTIALS } from '../../../test/support/service-process.ts';
import { addKey, KEY_ID, KEY_VALUE } from './app-under-test.ts';
import { environmentFor, startIssuer } from './issuer-process.ts';
import { ACCESS_TABLE, startTables, UPLOADS_TABLE } from './start-tables.ts';

type T = Parameters<typeof startTables>[0];

/** A url-issuer as it runs, with tables of its own and one good key. */
async function running(t: T, env: Record<string, string> = {}) {
  const tables = await startTables(t);
  await addKey(createDynamoDbAccessStore({ client: tables.client, tableName: ACCESS_TABLE }), {
    value: KEY_VALUE,
  });
  const uploadStore = createDynamoDbUploadStore({
    client: tables.client,
    tableName: UPLOADS_TABLE,
    recordRetentionSeconds: 1,
    now: () => new Date(),
    newToken: () => 'a reader',
  });
  const issuer = startIssuer(t, { ...environmentFor(tables.endpoint), ...env });
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());

  async function ask(
    path = '/getpresignedurl',
    headers: Record<string, string> = { 'x-api-key': KEY_VALUE },
  ) {
    const request = get((await issuer.url()) + path, { agent, headers });
    const [response]: IncomingMessage[] = await once(request, 'response');
    if (!response) throw new Error('no response');
    return { status: response.statusCode, headers: response.headers, body: (await json(response)) as Body };
  }
  return { tables, uploadStore, issuer, ask };
}

interface Body {
  readonly url: { readonly url: string; readonly fields: Record<string, string> };
  readonly code: string;
}

t.test('it issues under its prefix, on the endpoint that clients see', async (t) => {
  const { ask, uploadStore, issuer } = await running(t, {
    PATH_PREFIX: '/prod/',
    UPLOAD_NAME_PART: 'Größe a+b',
    FORM_LIFETIME_SECONDS: '7',
    RECORD_RETENTION_DAYS: '45',
  });
  t.equal((await ask('/readyz', {})).status, 200);
  const { status, body } = await ask('/prod/getpresignedurl');
  t.equal(status, 200);
  t.equal(body.url.url, 'http://127.0.0.1:9/upload-bucket');
  const key = body.url.fields['key'] ?? '';
  t.match(key, /^uploads\/Größe a\+b-\d{8}_\d{6}-[a-z2-7]{26}$/);
  const upload = await uploadStore.get(key);
  t.match(upload, { state: 'ISSUED', apiKeyId: KEY_ID, constraints: { maxBytes: 5 * 1024 ** 3 } });
  const lifeMs = Number(upload?.expiresAt) - Number(upload?.issuedAt);
  t.ok(lifeMs > 6_000 && lifeMs <= 7_000);
  t.equal((await ask('/getpresignedurl')).status, 404);
  t.equal((await ask('/prod/getpresignedurl', {})).status, 403);
  issuer.child.kill('SIGTERM');
  await issuer.exit;
  const ofIssuer = issuer.lines.filter((line) => line['Service'] === 'url-issuer');
  t.equal(metricTotal(ofIssuer, 'UploadsIssued'), 1);
  t.strictSame(metricValues(ofIssuer, 'UploadsTogether'), [1], 'the uploads of one write');
  t.ok(issuer.lines.some((line) => `uploads/${line['uploadId']}` === key && line['status'] === 200));
});

t.test('where nothing reads its log, clients without a key do not stop it', async (t) => {
  const { ask, issuer } = await running(t);
  await issuer.url();
  issuer.child.stdout?.pause();
  for (let at = 0; at < 5_000; at += 1) {
    const { status } = await ask('/getpresignedurl', {});
    if (status !== 403) t.equal(status, 403);
  }
  t.equal((await ask('/livez', {})).status, 200);
  t.equal((await ask()).status, 200);
  issuer.child.stdout?.resume();
  t.match(await issuer.line(/^output was dropped/), { level: 'warn', stream: 'stdout' });
});

t.test('the record is in the table before the response is given', async (t) => {
  const { ask, tables, uploadStore, issuer } = await running(t);
  await issuer.url();
  const writing = tables.holdResponse('BatchWriteItem');
  let responded = false;
  const response = ask().then((given) => {
    responded = true;
    return given;
  });
  await writing.reached;
  t.equal(responded, false);
  writing.release();
  const { status, body } = await response;
  t.equal(status, 200);
  t.ok(await uploadStore.get(body.url.fields['key'] ?? ''));
});

t.test(
  'P1: a record whose write gets no response is never written again: the form is for another',
  async (t) => {
    const { ask, tables, issuer } = await running(t);
    await issuer.url();
    const writing = tables.holdResponse('BatchWriteItem');
    const { status, body } = await ask();
    t.equal(status, 200);
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: UPLOADS_TABLE }));
    const keys = Items.map(({ FullFilename }) => FullFilename?.S);
    t.equal(keys.length, 2);
    t.ok(keys.includes(body.url.fields['key']));
    writing.release();
  },
);

t.test('the tables away: 503 with Retry-After, no form; alive, but not ready', async (t) => {
  const { ask, tables, issuer } = await running(t);
  t.equal((await ask()).status, 200);
  await tables.away();
  const { status, headers, body } = await ask();
  t.equal(status, 503);
  t.strictSame(body, { message: 'Service Unavailable', code: 'ServiceUnavailable' });
  t.match(headers['retry-after'], /^[1-9]/);
  const message = 'The table of API keys does not respond. The table of uploads does not respond';
  const notReady = await ask('/readyz', {});
  t.equal(notReady.status, 503);
  t.strictSame(notReady.body, { message, code: 'NotReady' }, 'what kind of thing is away, not its name');
  t.equal((await ask('/livez', {})).status, 200);
  issuer.child.kill('SIGTERM');
  t.equal(await issuer.exit, 0, 'it can be stopped all the same');
});

t.test('an increment of a quota whose response does not come is not sent again', async (t) => {
  const { ask, tables } = await running(t);
  await addKey(createDynamoDbAccessStore({ client: tables.client, tableName: ACCESS_TABLE }), {
    value: 'k',
    dailyQuota: 5,
  });
  const counting = tables.holdResponse('UpdateItem');
  const { status, headers } = await ask('/getpresignedurl', { 'x-api-key': 'k' });
  t.equal(status, 503);
  t.match(headers['retry-after'], /^[1-9]/);
  counting.release();
  const { Items = [] } = await tables.client.send(
    new ScanCommand({
      TableName: ACCESS_TABLE,
      FilterExpression: 'begins_with(id, :quota)',
      ExpressionAttributeValues: { ':quota': { S: 'quota#' } },
    }),
  );
  t.match(Items, [{ used: { N: '1' } }]);
  t.equal((await ask('/getpresignedurl', { 'x-api-key': 'k' })).status, 200);
});

t.test('a store of the rates that is not there: it says so, and serves', async (t) => {
  const url = 'redis://:hidden-password@127.0.0.1:9';
  const { ask, issuer } = await running(t, { RATE_LIMIT_STORE_URL: url, LOG_LEVEL: 'debug' });
  for (let request = 0; request < 3; request += 1) t.equal((await ask()).status, 200);
  t.match(await issuer.line(/store of the rates does not respond/), { level: 'warn' });
  issuer.child.kill('SIGTERM');
  t.equal(await issuer.exit, 0);
  t.equal(issuer.lines.filter((line) => /does not respond/.test(String(line['msg']))).length, 1);
  t.equal(issuer.lines.filter((line) => line['RatesCountedLocally'] === 1).length, 3);
  t.notMatch(JSON.stringify(issuer.lines), 'hidden-password');
  t.equal(issuer.stderr(), '');
});

t.test('SIGTERM: what is in flight gets its response, then it ends with 0', async (t) => {
  const { ask, tables, issuer } = await running(t);
  await ask('/livez', {});
  const writing = tables.holdResponse('BatchWriteItem');
  const response = ask();
  await writing.reached;
  issuer.child.kill('SIGTERM');
  await issuer.line(/url-issuer stops/);
  await t.rejects(refused(ask), { code: 'ECONNREFUSED' });
  writing.release();
  t.match(await response, { status: 200, headers: { connection: 'close' } });
  t.equal(await issuer.exit, 0);
  t.equal(issuer.stderr(), '');
});

t.test('wrong configuration: 78, every fault by name, nothing else', async (t) => {
  const { BUCKET: _, AWS_ACCESS_KEY_ID: __, ...env } = environmentFor('not a url');
  const issuer = startIssuer(t, {
    ...env,
    ...NO_CREDENTIALS,
    FORM_LIFETIME_SECONDS: 'soon',
    PORT: '70000',
    ACCESS_TABLE: ' ',
    TRUSTED_PROXIES: '999.1.1.1/16',
    UPLOAD_NAME_PART: 'x'.repeat(1000),
  });
  t.equal(await issuer.exit, 78);
  t.strictSame(issuer.lines, []);
  t.strictSame(
    issuer
      .stderr()
      .trim()
      .split('\n')
      .map((line) => line.replace(/:.*/, ''))
      .sort(),
    [
      'ACCESS_TABLE',
      'AWS_ACCESS_KEY_ID',
      'AWS_ENDPOINT_URL_DYNAMODB',
      'BUCKET',
      'FORM_LIFETIME_SECONDS',
      'PORT',
      'TRUSTED_PROXIES',
      'UPLOAD_NAME_PART',
    ],
  );
  t.match(issuer.stderr(), 'BUCKET: expected the name of an S3 bucket');
});

t.test('a port that is taken: 78, and one line that names PORT', async (t) => {
  const { issuer: first } = await running(t);
  const { port } = new URL(await first.url());
  const issuer = startIssuer(t, { ...environmentFor('http://127.0.0.1:9'), PORT: port });
  t.equal(await issuer.exit, 78);
  t.equal(issuer.stderr(), `PORT: expected a port on which nothing listens yet, got ${port}\n`);
});

/** Asks until the port is closed; between the signal and that moment connections may still be taken, or cut. */
async function refused(
  ask: (path: string, headers: Record<string, string>) => Promise<unknown>,
): Promise<never> {
  for (;;) {
    await ask('/livez', {}).catch((error) => {
      if (error.code !== 'ECONNRESET') throw error;
    });
  }
}
