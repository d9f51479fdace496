import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { CreateBucketCommand, CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import { startLocalAws } from '@upload-once/local-aws';
import t, { type Test } from 'tap';
import { S3_FORM_MAX_BYTES, SESSION_TOKEN_MAX_BYTES } from '../src/issuing/request-bytes.ts';
import { createUploadSigner } from '../src/signing/upload-signer.ts';
import { appUnderTest, DEFAULTS, KEY_VALUE, NOW } from './app-under-test.ts';

// As many entries as the issuer lets through are taken by S3, also with credentials as long as there are, and from a client that
// writes as much around its fields as one may.

const Bucket = 'metadata-test';
const localAws = await startLocalAws({
  now: () => NOW,
  credentials: [
    {
      accessKeyId: 'ASIAEXAMPLEOFTEMPORARY',
      secretAccessKey: 'temporary',
      sessionToken: '+/'.repeat(SESSION_TOKEN_MAX_BYTES / 64).padEnd(SESSION_TOKEN_MAX_BYTES, 'x'),
    },
  ],
});
t.teardown(() => localAws.stop());
const s3 = new S3Client({
  region: localAws.region,
  endpoint: localAws.endpoints.s3,
  forcePathStyle: true,
  credentials: localAws.credentials,
});
t.teardown(() => s3.destroy());
await s3.send(new CreateBucketCommand({ Bucket }));

const { app, faults } = await appUnderTest(t, {
  defaults: DEFAULTS,
  signer: createUploadSigner({ client: s3, bucket: Bucket, now: () => NOW }),
});

const BYTES = 'the bytes';
const LONGEST = {
  name: 'ä'.repeat(450),
  contentType: `text/plain; a="${'x'.repeat(239)}"`,
  sha256: createHash('sha256').update(BYTES).digest('hex'),
};

async function create(body: object) {
  const response = await app.inject({
    method: 'POST',
    url: '/v1/uploads',
    headers: { 'x-api-key': KEY_VALUE, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  return { status: response.statusCode, ...response.json() };
}

/** `count` entries, the longest names and values with which they stay within 2,048 bytes; or the shortest. */
function entries(count: number, isShort: boolean, nameCharacters: number): Record<string, string> {
  const valueCharacters = isShort ? 1 : Math.floor(2_048 / count) - nameCharacters;
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      at.toString(36).padStart(nameCharacters, '0'),
      'x'.repeat(Math.max(1, valueCharacters)),
    ]),
  );
}

const CASES: Record<string, [asked: object, isShort: boolean, nameCharacters: number, atLeast: number]> = {
  'short entries': [{}, true, 2, 60],
  'entries of 2 KB': [{}, false, 10, 35],
  'entries of 2 KB beside the longest of all else': [LONGEST, false, 10, 20],
  'short entries of a PUT': [{ method: 'put', minBytes: 9, maxBytes: 9 }, true, 2, 100],
  'entries of 2 KB of a PUT': [
    { method: 'put', minBytes: 9, maxBytes: 9, contentType: LONGEST.contentType },
    false,
    10,
    50,
  ],
  'long names of a PUT': [{ method: 'put', minBytes: 9, maxBytes: 9 }, true, 64, 20],
};

for (const [what, [asked, isShort, nameCharacters, atLeast]] of Object.entries(CASES)) {
  t.test(`${what}: S3 takes as many as the issuer, which says so of one more`, async (t) => {
    const bodyOf = (count: number) => ({ ...asked, metadata: entries(count, isShort, nameCharacters) });
    let count = atLeast;
    let most = await create(bodyOf(count));
    t.equal(most.status, 201, `${atLeast} are always allowed`);
    let next = most;
    while (next.status === 201) {
      most = next;
      count += 1;
      next = await create(bodyOf(count));
    }
    t.equal(next.status, 400);
    t.match(next, {
      code: 'BadRequest',
      message: /^"metadata" is too much beside all else: .* can have \d+ bytes, and S3 takes \d+/,
    });
    const stored = most.method === 'post' ? await post(t, most) : await put(most);
    t.match(stored, { code: '' }, `${count - 1} entries`);
    t.ok([200, 204].includes(stored.status));
    await t.resolves(copyInParts(bodyOf(count - 1)), 'nor are they too many for a large file’s copy');
  });
}

t.test('nothing is issued, and no quota used, for what S3 would refuse', async (t) => {
  const calls = [...faults.calls];
  t.equal((await create({ metadata: entries(500, true, 2) })).status, 400);
  t.strictSame(faults.calls, calls);
});

t.test('all that is asked for beside the metadata leaves room for 2 KB of them', async (t) => {
  const metadata = { a: '"'.repeat(2_047) };
  const name = '"'.repeat(900);
  const body = await create({ ...LONGEST, name, metadata });
  t.equal(body.status, 201);
  t.match(await post(t, body), { status: 204 });
});

/** Every part with its type, behind a boundary as long as one may be. */
async function post(t: Test, form: { url: string; fields: Record<string, string> }) {
  const boundary = '-'.repeat(70);
  const part = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name=${name}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${value}\r\n`;
  const fields = Object.entries(form.fields).map(([name, value]) => part(`"${name}"`, value));
  const withoutFile = [
    ...fields,
    part(`"file"; filename="${'x'.repeat(255)}"`, ''),
    `--${boundary}--\r\n`,
  ].join('');
  t.ok(Buffer.byteLength(withoutFile) <= S3_FORM_MAX_BYTES);
  const body = [...fields, part(`"file"; filename="${'x'.repeat(255)}"`, BYTES), `--${boundary}--\r\n`].join(
    '',
  );
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  return responseTo(
    form.url,
    'POST',
    { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    body,
  );
}

function put({ url, headers }: { url: string; headers: Record<string, string> }) {
  const own = {
    'user-agent': 'x'.repeat(250),
    accept: '*/*',
    'accept-encoding': 'gzip, deflate, br',
    connection: 'close',
  };
  return responseTo(url, 'PUT', { ...headers, ...own }, BYTES);
}

async function responseTo(url: string, method: string, headers: Record<string, string>, body: string) {
  const sending = request(url, { method, agent: false, headers });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const code = /<Code>(\w+)<\/Code>/.exec(await text(response))?.[1] ?? '';
  return { status: response.statusCode ?? 0, code };
}

/** As the acceptor begins the copy of a large file. */
async function copyInParts({
  metadata,
  contentType,
}: {
  metadata: Record<string, string>;
  contentType?: string;
}) {
  await s3.send(
    new CreateMultipartUploadCommand({
      Bucket,
      Key: 'accepted/x',
      Metadata: metadata,
      ContentType: contentType,
      ChecksumAlgorithm: 'SHA256',
      ChecksumType: 'COMPOSITE',
    }),
  );
}
