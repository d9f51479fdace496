import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import t, { type Test } from 'tap';
import { presign, type RawRequest, send, sign } from './support/raw-request.ts';
import {
  BUCKET as Bucket,
  CREDENTIALS,
  REGION,
  type RunningS3,
  refusalOf,
  startS3,
  TEMPORARY,
} from './support/s3-server.ts';

const NOW = new Date('2026-03-04T05:06:07.000Z');
const now = () => NOW;
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const PATH = `/${Bucket}/k%20%2B%C3%BC/x`;
const PUT: RawRequest = { method: 'PUT', path: PATH, body: 'hello' };

/** S3 stored nothing and sent no event. */
async function assertUntouched(t: Test, s3: RunningS3): Promise<void> {
  t.same(s3.storage.keys(Bucket), []);
  t.same(s3.events, []);
  t.same(s3.faults, []);
  t.equal(await s3.countFiles(), 0);
}

t.test('who may come in', async (t) => {
  const s3 = await startS3(t);
  const list = (credentials: object) =>
    s3.connect({ credentials: credentials as typeof CREDENTIALS }).send(new ListObjectsV2Command({ Bucket }));
  t.equal((await list(CREDENTIALS)).Name, Bucket);
  t.ok(await list(TEMPORARY), 'with a session token');
  t.match(await refusalOf(list({ ...CREDENTIALS, accessKeyId: 'AKIAOTHER' })), {
    code: 'InvalidAccessKeyId',
    status: 403,
    error: { AWSAccessKeyId: 'AKIAOTHER' },
  });
  t.match(await refusalOf(list({ ...CREDENTIALS, secretAccessKey: 'guessed' })), {
    code: 'SignatureDoesNotMatch',
    status: 403,
    error: { SignatureProvided: String, StringToSign: String, CanonicalRequest: String },
  });
  const token = { code: 'InvalidToken', status: 400 };
  t.match(await refusalOf(list({ ...TEMPORARY, sessionToken: 'other' })), token);
  t.match(await refusalOf(list({ ...TEMPORARY, sessionToken: undefined })), token);
  t.match(await refusalOf(list({ ...CREDENTIALS, sessionToken: 'superfluous' })), token);
  const elsewhere = s3.connect({ region: 'us-west-2' }).send(new ListObjectsV2Command({ Bucket }));
  t.match(await refusalOf(elsewhere), {
    code: 'AuthorizationHeaderMalformed',
    status: 400,
    error: { Region: REGION, message: /us-west-2.*expecting 'eu-central-1'/ },
  });
});

t.test('S3 rejects unsigned calls', async (t) => {
  const s3 = await startS3(t);
  for (const raw of [
    PUT,
    { method: 'GET', path: '/' },
    { method: 'GET', path: `/${Bucket}` },
    { method: 'GET', path: PATH },
    { method: 'DELETE', path: PATH },
    { method: 'POST', path: `/${Bucket}`, query: { delete: '' }, body: '<Delete/>' },
  ]) {
    const response = await send(s3.endpoint, raw);
    t.match(response, { status: 403, code: 'AccessDenied', headers: { 'content-type': 'application/xml' } });
    t.match(response.body, /<Message>Access Denied<\/Message>.*<RequestId>[^<]+<\/RequestId>/);
  }
  t.match(await send(s3.endpoint, { method: 'HEAD', path: PATH }), { status: 403, body: '' });
  await assertUntouched(t, s3);
});

t.test('a signature covers the whole request', async (t) => {
  const s3 = await startS3(t, { now });
  const signed = await sign(
    s3.endpoint,
    { ...PUT, query: { 'x-id': 'PutObject' }, headers: { 'x-amz-meta-a': 'b  c' } },
    { date: NOW },
  );
  const no = { status: 403, code: 'SignatureDoesNotMatch' };
  t.match(await send(s3.endpoint, { ...signed, path: `/${Bucket}/other` }), no, 'key');
  t.match(await send(s3.endpoint, { ...signed, query: { 'x-id': 'Other' } }), no, 'query');
  t.match(
    await send(s3.endpoint, { ...signed, headers: { ...signed.headers, 'x-amz-meta-a': 'c' } }),
    no,
    'header',
  );
  t.match(
    await send(s3.endpoint, {
      ...signed,
      headers: { ...signed.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    }),
    no,
    'the hash of the body',
  );
  t.match(await send(s3.endpoint, { ...signed, method: 'DELETE' }), no, 'method');
  t.match(
    await send(s3.endpoint, { ...signed, headers: { ...signed.headers, 'x-amz-tagging': 'a=b' } }),
    { status: 403, code: 'AccessDenied', body: /<HeadersNotSigned>x-amz-tagging<\/HeadersNotSigned>/ },
    'a header that was added',
  );
  t.match(await send(s3.endpoint, { ...signed, body: 'other' }), {
    status: 400,
    code: 'XAmzContentSHA256Mismatch',
    body: /<ClientComputedContentSHA256>[0-9a-f]{64}</,
  });
  await assertUntouched(t, s3);
  t.match(await send(s3.endpoint, signed), { status: 200 });
  t.same(s3.storage.keys(Bucket), ['k +ü/x']);
});

t.test('the clock', async (t) => {
  const s3 = await startS3(t, { now });
  const status = async (seconds: number) => {
    const { code, status } = await send(s3.endpoint, await sign(s3.endpoint, PUT, { date: later(seconds) }));
    return code ?? status;
  };
  t.equal(await status(-901), 'RequestTimeTooSkewed');
  t.equal(await status(901), 'RequestTimeTooSkewed');
  await assertUntouched(t, s3);
  t.equal(await status(-900), 200);
  t.equal(await status(900), 200);
});

t.test('headers that are no authorization', async (t) => {
  const s3 = await startS3(t, { now });
  const { headers = {} } = await sign(s3.endpoint, PUT, { date: NOW });
  const responseTo = (more: Record<string, string>) =>
    send(s3.endpoint, { ...PUT, headers: { ...headers, ...more } });
  const { authorization = '' } = headers;
  const malformed = { status: 400, code: 'AuthorizationHeaderMalformed' };
  t.match(await responseTo({ authorization: 'AWS AKIALOCAL:abc=' }), { status: 400, code: 'InvalidRequest' });
  t.match(await responseTo({ authorization: 'AWS4-HMAC-SHA256 Credential=x' }), malformed);
  t.match(await responseTo({ authorization: authorization.replace('/s3/', '/ec2/') }), malformed);
  t.match(await responseTo({ authorization: authorization.replace('/20260304/', '/20260305/') }), malformed);
  t.match(await responseTo({ authorization: authorization.replace(/Signature=.*/, 'Signature=short') }), {
    status: 403,
    code: 'SignatureDoesNotMatch',
  });
  t.match(await responseTo({ 'x-amz-date': 'yesterday' }), { status: 403, code: 'AccessDenied' });
  t.match(await responseTo({ authorization: authorization.replace('host;', '') }), {
    status: 403,
    code: 'AccessDenied',
    body: /<HeadersNotSigned>host</,
  });
  const { 'x-amz-content-sha256': _, ...unhashed } = headers;
  t.match(await send(s3.endpoint, { ...PUT, headers: unhashed }), { status: 400, code: 'InvalidRequest' });
  const odd = await sign(s3.endpoint, { ...PUT, headers: { 'x-amz-content-sha256': 'odd' } }, { date: NOW });
  t.match(await send(s3.endpoint, odd), { status: 400, code: 'InvalidArgument' });
  const streaming = { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' };
  t.match(await send(s3.endpoint, await sign(s3.endpoint, { ...PUT, headers: streaming }, { date: NOW })), {
    status: 501,
    code: 'NotImplemented',
    body: /STREAMING-AWS4-HMAC-SHA256-PAYLOAD/,
  });
  await assertUntouched(t, s3);
});

t.test('a presigned URL is good for its lifetime, judged when the request begins', async (t) => {
  let time = NOW;
  const s3 = await startS3(t, { now: () => time });
  const url = await presign(s3.endpoint, PUT, { date: NOW, expiresSeconds: 10 });
  const at = async (seconds: number) => {
    time = later(seconds);
    return await send(s3.endpoint, url);
  };
  t.match(await at(10), {
    status: 403,
    code: 'AccessDenied',
    body: /Request has expired.*<X-Amz-Expires>10<.*<Expires>2026-03-04T05:06:17.000Z</,
  });
  t.match(await at(-901), { status: 403, code: 'AccessDenied', body: /not yet valid/ });
  await assertUntouched(t, s3);
  t.match(await at(9.999), { status: 200 });
  t.match(await at(-900), { status: 200 });
  t.equal(s3.events.length, 2);
});

t.test('what begins in time may end late', async (t) => {
  let time = NOW;
  const s3 = await startS3(t, {
    now: () => time,
    beforeOperation: async () => {
      time = later(3600);
    },
  });
  t.match(await send(s3.endpoint, await presign(s3.endpoint, PUT, { date: NOW, expiresSeconds: 10 })), {
    status: 200,
  });
});

t.test('a presigned PUT holds its sender to what was signed', async (t) => {
  const s3 = await startS3(t, { now });
  const headers = {
    'content-length': '5',
    'content-type': 'text/plain',
    'if-none-match': '*',
    'x-amz-checksum-crc32': 'NhCmhg==',
    'x-amz-meta-owner': 'me',
  };
  const url = await presign(s3.endpoint, { ...PUT, headers }, { date: NOW });
  const without = (name: string) =>
    Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name));
  const no = { status: 403, code: 'SignatureDoesNotMatch' };
  for (const name of Object.keys(headers).filter((header) => header !== 'content-length')) {
    t.match(await send(s3.endpoint, { ...url, headers: without(name) }), no, `without ${name}`);
  }
  t.match(
    await send(s3.endpoint, { ...url, body: 'longer', headers: { ...headers, 'content-length': '6' } }),
    no,
    'another length',
  );
  t.match(await send(s3.endpoint, { ...url, headers: { ...headers, 'if-none-match': 'x' } }), no);
  t.match(await send(s3.endpoint, { ...url, headers: { ...headers, 'x-amz-meta-more': 'x' } }), {
    status: 403,
    code: 'AccessDenied',
  });
  t.match(await send(s3.endpoint, { ...url, body: 'other' }), { status: 400, code: 'BadDigest' });
  await assertUntouched(t, s3);
  t.match(await send(s3.endpoint, url), {
    status: 200,
    headers: { etag: String, 'x-amz-version-id': String },
  });
  t.match(await send(s3.endpoint, url), { status: 412, code: 'PreconditionFailed' }, 'good once by itself');
  t.equal(s3.events.length, 1);
});

t.test('presigned URLs of temporary keys, and reads', async (t) => {
  const s3 = await startS3(t, { now });
  const by = { date: NOW, credentials: TEMPORARY };
  t.match(await send(s3.endpoint, await presign(s3.endpoint, PUT, by)), { status: 200 });
  const get = { method: 'GET', path: PATH, query: { 'response-content-type': 'text/x' } };
  t.match(await send(s3.endpoint, await presign(s3.endpoint, get, by)), {
    status: 200,
    body: 'hello',
    headers: { 'content-type': 'text/x' },
  });
  const { 'X-Amz-Security-Token': _, ...query } = (await presign(s3.endpoint, get, by)).query ?? {};
  t.match(await send(s3.endpoint, { ...get, query }), { status: 400, code: 'InvalidToken' });
});

t.test('queries that are no presigned URL', async (t) => {
  const s3 = await startS3(t, { now });
  const { query = {} } = await presign(s3.endpoint, PUT, { date: NOW });
  const responseTo = (more: Record<string, string>) =>
    send(s3.endpoint, { ...PUT, query: { ...query, ...more } });
  const malformed = { status: 400, code: 'AuthorizationQueryParametersError' };
  for (const name of ['Credential', 'Signature', 'Date', 'SignedHeaders', 'Expires']) {
    t.match(await responseTo({ [`X-Amz-${name}`]: '' }), malformed, name);
  }
  t.match(await responseTo({ 'X-Amz-Algorithm': 'AWS4-HMAC-SHA1' }), malformed);
  t.match(await responseTo({ 'X-Amz-Date': '2026-03-04' }), malformed);
  t.match(await responseTo({ 'X-Amz-Expires': '1h' }), malformed);
  t.match(await responseTo({ 'X-Amz-Expires': '604801' }), malformed);
  t.match(await responseTo({ 'X-Amz-Credential': 'AKIALOCAL/20260304/eu-central-1/s3' }), malformed);
  t.match(
    await responseTo({ 'X-Amz-Credential': 'AKIALOCAL/20260304/us-west-1/s3/aws4_request' }),
    malformed,
  );
  t.match(await responseTo({ 'X-Amz-Credential': 'AKIAOTHER/20260304/eu-central-1/s3/aws4_request' }), {
    status: 403,
    code: 'InvalidAccessKeyId',
  });
  t.match(
    await responseTo({ 'X-Amz-Expires': '600' }),
    { status: 403, code: 'SignatureDoesNotMatch' },
    'a longer life',
  );
  await assertUntouched(t, s3);
});

t.test('paths that are no UTF-8', async (t) => {
  const s3 = await startS3(t);
  t.match(await send(s3.endpoint, { method: 'GET', path: `/${Bucket}/%E0%A4%A` }), {
    status: 400,
    code: 'InvalidURI',
  });
});

t.test('refusals of the SDK read as S3 sends them', async (t) => {
  const s3 = await startS3(t);
  const Key = '<&>"\u0001';
  const refused = await refusalOf(s3.client.send(new GetObjectCommand({ Bucket, Key })));
  t.match(refused, { code: 'NoSuchKey', status: 404, error: { $metadata: { requestId: String } } });
  await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  t.same(s3.storage.keys(Bucket), [Key]);
});
