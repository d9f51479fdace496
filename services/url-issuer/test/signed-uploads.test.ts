import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { startLocalAws } from '@upload-once/local-aws';
import { type Constraints, makeUploadKey } from '@upload-once/uploads';
import t from 'tap';
import { entryAlarm, isSetOffBy, type MetricValue } from '../../../test/support/code-alarm.ts';
import { expirationOf } from '../src/signing/signature-times.ts';
import { createUploadSigner, type SignedUpload } from '../src/signing/upload-signer.ts';

/** Forms and URLs as S3 judges them: by one that is as strict as its documentation. */
const clock = { now: new Date() };
const localAws = await startLocalAws({ now: () => clock.now });
t.teardown(() => localAws.stop());
const s3 = new S3Client({
  region: localAws.region,
  endpoint: localAws.endpoints.s3,
  forcePathStyle: true,
  credentials: localAws.credentials,
});
t.teardown(() => s3.destroy());
const Bucket = 'uploads-test';
await s3.send(new CreateBucketCommand({ Bucket }));
const signer = createUploadSigner({ client: s3, bucket: Bucket, now: () => clock.now });

const BYTES = Buffer.from('the bytes of the file');
const OTHERS = Buffer.from('other bytes, as many.');
const SHA256 = createHash('sha256').update(BYTES).digest('base64');
let serial = 0;

async function sign(
  constraints: Partial<Constraints> = {},
  metadata: Record<string, string> = {},
): Promise<{ key: string; signed: SignedUpload }> {
  serial += 1;
  const upload = {
    key: makeUploadKey("Zähler 1+1 (100%)!*'", clock.now, Buffer.alloc(16, serial)),
    issuedAt: clock.now,
    constraints: { method: 'post', minBytes: 0, maxBytes: BYTES.length, ...constraints } as const,
    metadata,
  };
  const signing = await signer.begin(expirationOf(upload.issuedAt, 30));
  return { key: upload.key, signed: await signing.sign(upload) };
}

const signPut = (constraints: Partial<Constraints> = {}, metadata: Record<string, string> = {}) =>
  sign({ method: 'put', minBytes: BYTES.length, ...constraints }, metadata);

interface S3Response {
  readonly status: number;
  readonly code: string;
}

async function post(
  signed: SignedUpload,
  bytes: Buffer<ArrayBuffer> = BYTES,
  changed: Record<string, string | undefined> = {},
): Promise<S3Response> {
  if (signed.method !== 'post') throw new Error('a form was expected');
  const body = new FormData();
  for (const [name, value] of Object.entries({ ...signed.fields, ...changed })) {
    if (value !== undefined) body.append(name, value);
  }
  body.append('file', new Blob([bytes]), 'file.bin');
  const response = await fetch(signed.url, { method: 'POST', body, redirect: 'manual' });
  return responseOf(response.status, await response.text());
}

async function put(
  signed: SignedUpload,
  bytes: Buffer = BYTES,
  changed: Record<string, string | undefined> = {},
): Promise<S3Response> {
  if (signed.method !== 'put') throw new Error('a URL was expected');
  const headers = Object.entries({ ...signed.headers, ...changed }).filter(
    (header): header is [string, string] => header[1] !== undefined,
  );
  const sending = request(signed.url, {
    method: 'PUT',
    agent: false,
    headers: Object.fromEntries(headers),
  });
  sending.end(bytes);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  return responseOf(response.statusCode ?? 0, await text(response));
}

function responseOf(status: number, body: string): S3Response {
  return { status, code: /<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? '' };
}

async function stored(Key: string) {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
  return Versions.length;
}

t.test('a form with every constraint is taken as it was signed', async (t) => {
  const { key, signed } = await sign(
    { contentType: 'text/csv; charset=utf-8', sha256: SHA256, minBytes: 1 },
    { customer: 'A & B', 'order-no': '7' },
  );
  t.strictSame(await post(signed), { status: 204, code: '' });
  const object = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
  t.equal(await object.Body?.transformToString(), BYTES.toString());
  t.match(object, {
    ContentType: 'text/csv; charset=utf-8',
    Metadata: { customer: 'A & B', 'order-no': '7' },
  });
});

t.test('S3 responds as the form was signed for, and to no other wish of its sender', async (t) => {
  const denied = { status: 403, code: 'AccessDenied' };
  for (const successStatus of [200, 201, 204] as const) {
    const { signed } = await sign({ successStatus });
    t.strictSame(await post(signed, BYTES, { success_action_status: '202' }), denied);
    t.strictSame(await post(signed, BYTES, { success_action_status: undefined }), denied);
    t.equal((await post(signed)).status, successStatus);
  }
  const { signed } = await sign({ successRedirect: 'https://www.example.com/thanks' });
  t.strictSame(await post(signed, BYTES, { success_action_redirect: 'https://evil.example/' }), denied);
  t.equal((await post(signed)).status, 303);
  t.strictSame(
    await post((await sign()).signed, BYTES, { success_action_redirect: 'https://e.example/' }),
    denied,
  );
});

t.test('the name of a file reaches the object as it was signed', async (t) => {
  const filename = 'Zähler 写真 100%.pdf';
  for (const { key, signed } of [await sign({ filename }), await signPut({ filename })]) {
    await (signed.method === 'put' ? put(signed) : post(signed));
    const { Metadata = {} } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
    t.equal(decodeURIComponent(Metadata['filename'] ?? ''), filename);
  }
});

t.test('S3 refuses what breaks a form’s constraints, and nothing is left', async (t) => {
  const { key, signed } = await sign({ contentType: 'text/csv', sha256: SHA256, minBytes: 1 }, { a: 'b' });
  const denied = { status: 403, code: 'AccessDenied' };
  t.strictSame(await post(signed, BYTES, { 'Content-Type': 'text/html' }), denied);
  t.strictSame(await post(signed, BYTES, { 'Content-Type': undefined }), denied);
  t.strictSame(await post(signed, BYTES, { 'x-amz-meta-a': 'c' }), denied);
  t.strictSame(await post(signed, BYTES, { 'x-amz-meta-a': undefined }), denied);
  t.strictSame(await post(signed, BYTES, { 'x-amz-meta-b': 'b' }), denied);
  t.strictSame(await post(signed, BYTES, { 'x-amz-checksum-sha256': undefined }), denied);
  t.strictSame(await post(signed, OTHERS), { status: 400, code: 'BadDigest' });
  t.strictSame(await post(signed, Buffer.concat([BYTES, BYTES])), { status: 400, code: 'EntityTooLarge' });
  t.strictSame(await post(signed, Buffer.alloc(0)), { status: 400, code: 'EntityTooSmall' });
  t.equal(await stored(key), 0);
});

t.test('a PUT with every constraint is taken once, as it was signed', async (t) => {
  const { key, signed } = await signPut(
    { contentType: 'text/csv; charset=utf-8', sha256: SHA256 },
    { customer: 'A & B' },
  );
  t.strictSame(await put(signed), { status: 200, code: '' });
  t.strictSame(await put(signed), { status: 412, code: 'PreconditionFailed' });
  t.equal(await stored(key), 1);
  const object = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
  t.equal(await object.Body?.transformToString(), BYTES.toString());
  t.match(object, { ContentType: 'text/csv; charset=utf-8', Metadata: { customer: 'A & B' } });
});

t.test('a PUT of nothing at all is an upload as well', async (t) => {
  const { key, signed } = await signPut({ minBytes: 0, maxBytes: 0 });
  t.strictSame(await put(signed, Buffer.alloc(0)), { status: 200, code: '' });
  t.equal(await stored(key), 1);
});

t.test('S3 refuses what breaks a PUT’s constraints, and nothing is left', async (t) => {
  const { key, signed } = await signPut({ contentType: 'text/csv', sha256: SHA256 }, { a: 'b' });
  const denied = { status: 403, code: 'SignatureDoesNotMatch' };
  const without = (name: string) => put(signed, BYTES, { [name]: undefined });
  t.strictSame(await without('if-none-match'), denied, 'it would write over what is there');
  t.strictSame(await without('content-type'), denied);
  t.strictSame(await without('x-amz-checksum-sha256'), denied);
  t.strictSame(await without('x-amz-meta-a'), denied);
  t.strictSame(await put(signed, BYTES, { 'content-type': 'text/html' }), denied);
  t.strictSame(await put(signed, BYTES.subarray(1), { 'content-length': `${BYTES.length - 1}` }), denied);
  t.strictSame(await put(signed, BYTES, { 'x-amz-meta-b': 'b' }), { status: 403, code: 'AccessDenied' });
  t.strictSame(await put(signed, OTHERS), { status: 400, code: 'BadDigest' });
  if (signed.method === 'put') {
    t.strictSame(await put({ ...signed, url: signed.url.replace('/uploads/', '/accepted/') }), denied);
  }
  t.equal(await stored(key), 0);
});

t.test('neither is good after its end', async (t) => {
  const form = await sign();
  const url = await signPut();
  clock.now = new Date(clock.now.getTime() + 31_000);
  t.match(await post(form.signed), { status: 403, code: 'AccessDenied' });
  t.match(await put(url.signed), { status: 403, code: 'AccessDenied' });
});

t.test('a PUT without one exact size is not signed', async (t) => {
  await t.rejects(signPut({ minBytes: 0 }), { message: /one exact size, not for 0 to/ });
});

t.test('alarm uploads-refused: forms with a changed key set it off, and uploads do not', async (t) => {
  const alarm = entryAlarm('uploads-refused');
  t.match(alarm, { metric: '4xxErrors', statistic: 'Sum' });
  const counted: MetricValue[] = [];
  // As S3's request metrics count.
  const count = ({ status }: S3Response) =>
    counted.push({ atMs: clock.now.getTime(), value: status >= 400 && status < 500 ? 1 : 0 });
  const { key, signed } = await sign();
  for (let at = 0; at < alarm.threshold; at += 1) count(await post((await sign()).signed));
  for (let refused = 0; refused < alarm.threshold; refused += 1) {
    t.notOk(isSetOffBy(alarm, counted), `${refused} refused`);
    count(await post(signed, BYTES, { key: `${key}x` }));
  }
  t.ok(isSetOffBy(alarm, counted));
});
