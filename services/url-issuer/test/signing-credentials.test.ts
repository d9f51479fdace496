import { S3Client } from '@aws-sdk/client-s3';
import t from 'tap';
import { createSigningCredentials } from '../src/signing/signing-credentials.ts';
import { createUploadSigner } from '../src/signing/upload-signer.ts';
import { appUnderTest, KEY_VALUE } from './app-under-test.ts';

/** Far ahead: the SDK renews what has ended by this machine's clock, whatever time it is here. */
const at = (text: string) => new Date(`2125-03-04T${text}Z`);
const NOW = at('05:06:07.890');

/** A provider that gives credentials with these ends, one after the other, the last again and again. */
function clientWith(ends: readonly (Date | undefined)[]) {
  let asked = 0;
  const client = new S3Client({
    region: 'us-east-1',
    credentials: async () => {
      const expiration = ends[Math.min(asked, ends.length - 1)];
      asked += 1;
      return { accessKeyId: `ASIA${asked}`, secretAccessKey: `${asked}`, ...(expiration && { expiration }) };
    },
  });
  return { client, asked: () => asked };
}

const find = (client: S3Client, wanted: Date, now = NOW) =>
  createSigningCredentials({ client, now: () => now })(wanted);

t.test('credentials that outlive what they sign change nothing about it', async (t) => {
  for (const end of [at('05:06:37.000'), at('11:00:00.000'), undefined]) {
    const { client } = clientWith([end]);
    t.strictSame((await find(client, at('05:06:37.000'))).expiresAt, at('05:06:37.000'));
  }
});

t.test('what would outlive its credentials ends with them, on a whole second', async (t) => {
  const { client, asked } = clientWith([at('06:00:00.999')]);
  t.strictSame((await find(client, at('09:00:00.000'))).expiresAt, at('06:00:00.000'));
  t.equal(asked(), 1, 'credentials that are good for long enough are not asked for again');
});

t.test('nothing is shortened below a minute: newer credentials are asked for', async (t) => {
  const { client, asked } = clientWith([at('05:07:07.889'), at('11:00:00.000')]);
  const found = await find(client, at('09:00:00.000'));
  t.equal(found.identity.accessKeyId, 'ASIA2');
  t.strictSame(found.expiresAt, at('09:00:00.000'));
  t.equal(asked(), 2);
});

t.test('a minute is enough', async (t) => {
  const { client, asked } = clientWith([at('05:07:07.890')]);
  t.strictSame((await find(client, at('09:00:00.000'))).expiresAt, at('05:07:07.000'));
  t.equal(asked(), 1);
});

t.test('what was to live for less than a minute lives as long, or is not given', async (t) => {
  const { client } = clientWith([at('05:06:36.999')]);
  await t.rejects(find(client, at('05:06:37.000')), {
    code: 'CredentialsEndTooSoon',
    message: /2125-03-04T05:06:36\.999Z.*2125-03-04T05:06:37\.000Z/,
  });
});

t.test('credentials that are renewed meanwhile are not mixed with the old ones', async (t) => {
  // Already at their end each time, so that the SDK asks for new ones at every chance.
  const soon = () => new Date(Date.now() + 1);
  let renewals = 0;
  const client = new S3Client({
    region: 'us-east-1',
    credentials: async () => {
      renewals += 1;
      return { accessKeyId: `ASIA${renewals}`, secretAccessKey: `${renewals}`, expiration: soon() };
    },
  });
  const signer = createUploadSigner({ client, bucket: 'b', now: () => new Date(0) });
  const signing = await signer.begin(new Date(1000));
  const upload = {
    key: 'uploads/x',
    issuedAt: new Date(0),
    constraints: { method: 'post', minBytes: 0, maxBytes: 1 } as const,
    metadata: {},
  };
  const first = await signing.sign(upload);
  await client.config.credentials();
  t.strictSame(await signing.sign(upload), first);
});

for (const [method, url] of [
  ['GET', '/getpresignedurl'],
  ['POST', '/v1/uploads'],
] as const) {
  t.test(`${method} ${url} gives nothing that its credentials do not outlive`, async (t) => {
    const request = (app: Awaited<ReturnType<typeof appUnderTest>>['app']) =>
      app.inject({
        method,
        url,
        headers: { 'x-api-key': KEY_VALUE },
        ...(method === 'POST' && { payload: { expiresInSeconds: 3600 } }),
      });
    const withEnd = async (end: Date) => {
      const signer = createUploadSigner({ client: clientWith([end]).client, bucket: 'b', now: () => NOW });
      return appUnderTest(t, { signer, now: () => NOW });
    };

    const endingSoon = await withEnd(at('05:06:20.000'));
    const refused = await request(endingSoon.app);
    t.equal(refused.statusCode, 503);
    t.match(refused.headers['retry-after'], /^[1-9][0-9]*$/);
    t.notMatch(refused.body, 'redentials', 'that is for the log');
    t.strictSame(endingSoon.faults.calls, [], 'nothing is recorded');

    const endingLater = await withEnd(at('05:20:00.500'));
    const given = (await request(endingLater.app)).json();
    const fields = method === 'GET' ? given.url.fields : given.fields;
    const { expiration } = JSON.parse(Buffer.from(fields.policy, 'base64').toString());
    const expected = method === 'GET' ? '2125-03-04T05:06:37Z' : '2125-03-04T05:20:00Z';
    t.equal(expiration, expected);
    t.strictSame((await endingLater.uploadStore.get(fields.key))?.expiresAt, new Date(expected));
    if (method === 'POST') t.equal(given.expiresAt, '2125-03-04T05:20:00.000Z', 'and the response says so');
  });
}
