import t from 'tap';
import { policyUntil, s3ErrorXml } from '../../../test/support/form-servers.ts';
import { EXPIRES_AT, PUT_HEADERS, STATUS, startV1Server } from '../../../test/support/v1-server.ts';
import { createUpload, getUpload, revokeUpload, uploadFile, uploadIdIn } from '../src/index.ts';

t.test('an upload is asked for with what is wanted of it, and nothing else', async (t) => {
  const servers = await startV1Server(t);
  const fields = { key: 'uploads/a-x', policy: policyUntil(EXPIRES_AT) };
  const body = {
    id: 'a-x',
    state: 'ISSUED',
    method: 'post',
    url: 'https://s3.test/',
    fields,
    expiresAt: EXPIRES_AT,
  };
  servers.issuerResponse = { status: 201, headers: {}, body };
  const wanted = { name: 'a', maxBytes: 7, metadata: { b: 'c' }, contentType: undefined };
  t.strictSame(
    await createUpload({ issuerUrl: servers.issuerUrl, apiKey: 'key-1', ...wanted, idempotencyKey: 'one' }),
    {
      id: 'a-x',
      state: 'ISSUED',
      form: { url: 'https://s3.test/', fields, key: 'uploads/a-x', expiresAt: new Date(EXPIRES_AT) },
    },
  );
  t.match(servers.asked, [
    {
      method: 'POST',
      path: '/v1/uploads',
      headers: { 'x-api-key': 'key-1', 'idempotency-key': 'one', 'content-type': 'application/json' },
    },
  ]);
  t.strictSame(JSON.parse(servers.asked[0]?.body ?? ''), { name: 'a', maxBytes: 7, metadata: { b: 'c' } });
});

t.test('a PUT is sent with just the signed headers, once', async (t) => {
  const servers = await startV1Server(t);
  servers.issuerResponse = { status: 201, headers: {}, body: servers.put() };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put', minBytes: 5, maxBytes: 5 });
  const file = { blob: new Blob(['hello']), name: 'hello.txt' };
  t.strictSame(await uploadFile({ form, file }), {
    status: 200,
    key: 'uploads/a-x',
    sizeBytes: 5,
    versionId: 'v1',
    eTag: 'e1',
  });
  const sent = servers.asked[1];
  t.match(sent, { method: 'PUT', path: '/bucket/uploads/a-x?X-Amz-Signature=s', body: 'hello' });
  const { host, connection, ...headers } = sent?.headers ?? {};
  t.ok(host && connection);
  t.strictSame(headers, PUT_HEADERS);
});

t.test('the key of a PUT is known by its id, also where keys are sharded', async (t) => {
  const servers = await startV1Server(t);
  const id = `a-20260101_000000-k${'a'.repeat(24)}b`;
  servers.issuerResponse = { status: 201, headers: {}, body: { ...servers.put(), id } };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put' });
  t.equal(form.key, `uploads/k/${id}`);
  t.equal(uploadIdIn(form.key), id);
});

t.test('a PUT of another size is not sent at all', async (t) => {
  const servers = await startV1Server(t);
  servers.issuerResponse = { status: 201, headers: {}, body: servers.put() };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put' });
  const file = { blob: new Blob(['too long']), name: 'long.txt' };
  await t.rejects(uploadFile({ form, file }), {
    code: 'UploadNotSent',
    message: 'the URL is for a file of 5 bytes, long.txt has 8; nothing was sent',
  });
  t.equal(servers.asked.length, 1);
});

t.test('a PUT is not whole before its file has been found unchanged', async (t) => {
  const servers = await startV1Server(t);
  servers.issuerResponse = { status: 201, headers: {}, body: servers.put() };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put' });
  let handedOver = 0;
  let handedOverBeforeTheEnd: number | undefined;
  async function* growing() {
    yield Buffer.from('hel');
    yield Buffer.from('lo');
    handedOverBeforeTheEnd = handedOver;
    yield Buffer.from('!');
  }
  const file = { stream: growing(), name: 'log.txt', sizeBytes: 5 };
  const onProgress = ({ sentBytes }: { sentBytes: number }) => {
    handedOver = sentBytes;
  };
  await t.rejects(uploadFile({ form, file, onProgress }), { code: 'FileChanged' });
  t.equal(handedOverBeforeTheEnd, 3, 'the last bytes wait for the end');
  t.equal(servers.stored, 0, 'S3 never had it whole');
});

t.test('a PUT of nothing is a PUT', async (t) => {
  const servers = await startV1Server(t);
  const put = { ...servers.put(), headers: { ...PUT_HEADERS, 'content-length': '0' } };
  servers.issuerResponse = { status: 201, headers: {}, body: put };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put' });
  t.match(await uploadFile({ form, file: { blob: new Blob([]), name: 'empty' } }), {
    status: 200,
    sizeBytes: 0,
  });
});

t.test('a second PUT is refused in plain words', async (t) => {
  const servers = await startV1Server(t);
  servers.issuerResponse = { status: 201, headers: {}, body: servers.put() };
  servers.s3 = { status: 412, body: s3ErrorXml('PreconditionFailed', 'At least one …') };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put' });
  await t.rejects(uploadFile({ form, file: { blob: new Blob(['hello']), name: 'h' } }), {
    code: 'UploadRefused',
    status: 412,
    s3Code: 'PreconditionFailed',
    message: /something was uploaded before with the presigned URL of this upload/,
  });
});

t.test(
  'a status whose size or checksum is none is no status: no one is told by it whose file it is',
  async (t) => {
    const servers = await startV1Server(t);
    const sha256 = '0a'.repeat(32);
    const wrong: object[] = [
      ...[null, '5', -5, 1.5, 2 ** 60, []].map((sizeBytes) => ({ sizeBytes })),
      ...[null, '', 5, sha256.toUpperCase(), `${sha256}0`, 'CgoK'].map((other) => ({ sha256: other })),
    ];
    for (const part of wrong) {
      servers.issuerResponse = { status: 200, headers: {}, body: { ...STATUS, ...part } };
      await t.rejects(getUpload(servers, 'a'), { code: 'IssuerUnavailable', message: /has no upload: "s/ });
    }
    servers.issuerResponse = { status: 200, headers: {}, body: { ...STATUS, sizeBytes: 0, sha256 } };
    t.match(await getUpload(servers, 'a'), { sizeBytes: 0, sha256 });
  },
);

t.test('an upload is read and revoked by its id, whatever is in it', async (t) => {
  const servers = await startV1Server(t);
  servers.issuerResponse = { status: 200, headers: {}, body: STATUS };
  t.strictSame(await getUpload(servers, 'Zähler 1+1-x'), STATUS);
  servers.issuerResponse = { status: 204, headers: {}, body: '' };
  t.equal(await revokeUpload(servers, '../x?y#z'), undefined);
  t.match(servers.asked, [
    { method: 'GET', path: '/v1/uploads/Z%C3%A4hler%201%2B1-x' },
    { method: 'DELETE', path: '/v1/uploads/..%2Fx%3Fy%23z', headers: { 'x-api-key': 'key-1' } },
  ]);
});

t.test('refusals say what the issuer said', async (t) => {
  const servers = await startV1Server(t);
  const cases = [
    [400, 'BadRequest', '"maxBytes" is at most 7, not 8', 'RequestRefused'],
    [403, 'TooLargeForKey', '"maxBytes" is at most 7 for this key', 'RequestRefused'],
    [404, 'UploadNotFound', 'There is no such upload', 'RequestRefused'],
    [409, 'AlreadyClaimed', 'An upload has come already', 'RequestRefused'],
    [422, 'IdempotencyKeyReused', 'another body', 'RequestRefused'],
    [413, 'PayloadTooLarge', 'The body is too large', 'RequestRefused'],
    [414, 'URITooLong', 'URI Too Long', 'RequestRefused'],
    [415, 'UnsupportedMediaType', 'A body is JSON here', 'RequestRefused'],
    [431, 'RequestHeaderFieldsTooLarge', 'Request Header Fields Too Large', 'RequestRefused'],
    [503, 'ServiceUnavailable', 'Service Unavailable', 'IssuerUnavailable'],
  ] as const;
  for (const [status, code, message, type] of cases) {
    servers.issuerResponse = { status, headers: { 'retry-after': '2' }, body: { code, message } };
    const calls = [
      () => createUpload({ issuerUrl: servers.issuerUrl, apiKey: 'key-1', retries: servers.retries }),
      () => getUpload(servers, 'x'),
      () => revokeUpload(servers, 'x'),
    ];
    for (const call of calls) {
      const error = await call().catch((thrown: Error) => thrown);
      t.match(error, { code: type, status });
      if (type === 'RequestRefused') {
        t.match(error, { issuerCode: code });
        t.ok((error as Error).message.includes(message));
      }
    }
  }
  servers.issuerResponse = { status: 404, headers: {}, body: { code: 'NotFound', message: 'Not Found' } };
  await t.rejects(getUpload(servers, 'x'), { code: 'IssuerUnavailable', message: /and its path prefix/ });
});

t.test('a refusal from before the body is read may come without a message', async (t) => {
  const servers = await startV1Server(t);
  for (const status of [413, 414, 415, 431]) {
    servers.issuerResponse = { status, headers: {}, body: '' };
    const message = `the issuer refused the request (${status}): it gave no reason`;
    await t.rejects(getUpload(servers, 'x'), { code: 'RequestRefused', status, message });
  }
});

t.test('an idempotency key that no issuer takes is not sent', async (t) => {
  const servers = await startV1Server(t);
  for (const idempotencyKey of ['', 'a\r\nb', 'a\n', ' a', 'a ', 'a\tb', 'Schlüssel', 'x'.repeat(256)]) {
    await t.rejects(createUpload({ issuerUrl: servers.issuerUrl, apiKey: 'key-1', idempotencyKey }), {
      code: 'InvalidArgument',
      message: /^idempotencyKey is 1 to 255 characters of printable ASCII .*, not "/,
    });
  }
  t.strictSame(servers.asked, []);
});

t.test('what is no such response is not taken for one', async (t) => {
  const servers = await startV1Server(t);
  const bodies: unknown[] = [
    'no JSON',
    [],
    { ...servers.put(), url: 'ftp://x' },
    { ...servers.put(), headers: { a: 1 } },
    { ...servers.put(), expiresAt: 'soon' },
    { ...servers.put(), id: undefined },
    { ...servers.put(), method: 'post' },
  ];
  for (const body of bodies) {
    servers.issuerResponse = { status: 201, headers: {}, body };
    await t.rejects(createUpload({ issuerUrl: servers.issuerUrl, apiKey: 'key-1' }), {
      code: 'IssuerUnavailable',
      message: /has no upload: /,
    });
  }
});
