import t, { type Test } from 'tap';
import { addKey, appUnderTest, DEFAULTS, KEY_ID, KEY_VALUE, NOW } from './app-under-test.ts';

const HEX = 'ab'.repeat(32);
const BASE64 = Buffer.from(HEX, 'hex').toString('base64');

async function issuer(t: Test, overrides: Parameters<typeof appUnderTest>[1] = {}) {
  const underTest = await appUnderTest(t, overrides);
  const create = (body: unknown, headers: Record<string, string> = {}) =>
    underTest.app.inject({
      method: 'POST',
      url: '/v1/uploads',
      headers: { 'x-api-key': KEY_VALUE, 'content-type': 'application/json', ...headers },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { ...underTest, create };
}

function conditionsOf(form: { fields: Record<string, string> }): unknown[] {
  return JSON.parse(Buffer.from(form.fields['policy'] ?? '', 'base64').toString('utf8')).conditions;
}

t.test('an upload for which nothing is asked has the installation’s defaults', async (t) => {
  const { create, uploadStore, metrics } = await issuer(t);
  const response = await create({});
  t.equal(response.statusCode, 201);
  t.equal(response.headers['cache-control'], 'no-store');
  const body = response.json();
  t.strictSame(Object.keys(body), ['id', 'state', 'method', 'url', 'fields', 'expiresAt']);
  t.match(body, {
    id: /^UploadFilename-20250304_050607-[a-z2-7]{26}$/,
    state: 'ISSUED',
    method: 'post',
    url: 'https://upload-bucket.s3.eu-central-1.amazonaws.com/',
    fields: { key: `uploads/${body.id}` },
    expiresAt: '2025-03-04T05:06:37.000Z',
  });
  t.strictSame(conditionsOf(body)[0], ['content-length-range', 0, 5_000]);
  t.match(await uploadStore.get(`uploads/${body.id}`), {
    state: 'ISSUED',
    apiKeyId: KEY_ID,
    issuedAt: NOW,
    expiresAt: new Date(body.expiresAt),
    constraints: { method: 'post', minBytes: 0, maxBytes: 5_000 },
  });
  t.match(metrics, [{ name: 'UploadsIssued', value: 1 }]);
});

t.test('what is asked for is in the form, and recorded', async (t) => {
  const { create, uploadStore } = await issuer(t);
  const asked = {
    name: 'Zähler 1+1',
    method: 'post',
    contentType: 'text/csv; charset=utf-8',
    minBytes: 1,
    maxBytes: 17,
    sha256: HEX.toUpperCase(),
    expiresInSeconds: 3_600,
    metadata: { customer: 'A & B', 'order-no': '7' },
  };
  const body = (await create(asked)).json();
  t.match(body.id, /^Zähler 1\+1-20250304_050607-/);
  t.equal(body.expiresAt, '2025-03-04T06:06:07.000Z');
  t.strictSame(conditionsOf(body)[0], ['content-length-range', 1, 17]);
  t.match(body.fields, {
    'Content-Type': 'text/csv; charset=utf-8',
    'x-amz-checksum-sha256': BASE64,
    'x-amz-meta-customer': 'A & B',
    'x-amz-meta-order-no': '7',
  });
  t.match(await uploadStore.get(`uploads/${body.id}`), {
    constraints: {
      method: 'post',
      minBytes: 1,
      maxBytes: 17,
      contentType: 'text/csv; charset=utf-8',
      sha256: BASE64,
    },
    metadata: { customer: 'A & B', 'order-no': '7' },
  });
});

t.test('a PUT is a URL with the headers that are signed', async (t) => {
  const { create, uploadStore } = await issuer(t);
  const response = await create({
    method: 'put',
    minBytes: 5,
    maxBytes: 5,
    sha256: BASE64,
    contentType: 'application/pdf',
    metadata: { a: 'b' },
  });
  t.equal(response.statusCode, 201);
  const body = response.json();
  t.strictSame(Object.keys(body), ['id', 'state', 'method', 'url', 'headers', 'expiresAt']);
  t.strictSame(body.headers, {
    'content-length': '5',
    'content-type': 'application/pdf',
    'if-none-match': '*',
    'x-amz-checksum-sha256': BASE64,
    'x-amz-meta-a': 'b',
  });
  const url = new URL(body.url);
  t.equal(
    `${url.origin}${url.pathname}`,
    `https://upload-bucket.s3.eu-central-1.amazonaws.com/uploads/${body.id}`,
  );
  t.equal(
    url.searchParams.get('X-Amz-SignedHeaders'),
    ['host', ...Object.keys(body.headers)].sort().join(';'),
  );
  t.match(await uploadStore.get(`uploads/${body.id}`), { constraints: { method: 'put', minBytes: 5 } });
});

t.test('the name of the file is kept, and is metadata of the object, percent-encoded', async (t) => {
  const { app, create, uploadStore } = await issuer(t);
  const filename = 'Zähler 1+1 (100%)’s “Tür” 写真 👩‍👩‍👧.pdf';
  for (const asked of [{}, { method: 'put', minBytes: 5, maxBytes: 5 }]) {
    const body = (await create({ ...asked, filename, metadata: { a: 'b' } })).json();
    const signed = body.fields ?? body.headers;
    t.match(signed['x-amz-meta-filename'], /^[!-~]+$/);
    t.equal(decodeURIComponent(signed['x-amz-meta-filename']), filename);
    t.match(await uploadStore.get(`uploads/${body.id}`), {
      constraints: { filename },
      metadata: { a: 'b', filename: undefined },
    });
    const headers = { 'x-api-key': KEY_VALUE };
    const url = `/v1/uploads/${encodeURIComponent(body.id)}`;
    t.match((await app.inject({ url, headers })).json(), { filename, metadata: { a: 'b' } });
  }
});

t.test('what S3 responds to a stored form is signed into it', async (t) => {
  const { create } = await issuer(t);
  for (const [asked, field] of [
    [{ successStatus: 200 }, { success_action_status: '200' }],
    [{ successStatus: 201 }, { success_action_status: '201' }],
    [{ successStatus: 204 }, { success_action_status: '204' }],
    [
      { successRedirect: 'https://www.example.com/thanks?a=1&b=%20' },
      { success_action_redirect: 'https://www.example.com/thanks?a=1&b=%20' },
    ],
  ] as const) {
    const headers = { 'idempotency-key': JSON.stringify(asked) };
    const response = await create(asked, headers);
    t.equal(response.statusCode, 201);
    t.match(response.json().fields, field);
    t.ok(conditionsOf(response.json()).some((one) => JSON.stringify(one) === JSON.stringify(field)));
    t.strictSame((await create(asked, headers)).json(), response.json(), 'a repeat is signed from the table');
  }
});

/** More brackets than any stack holds, in a body that is still short enough. */
const DEPTH = 16_000;

const WRONG: Record<string, [unknown, RegExp | string]> = {
  'not an object': [[], 'The body is a JSON object'],
  null: ['null', 'The body is a JSON object'],
  'no JSON': ['{broken', 'The body is no JSON'],
  'no body': ['', /^The body is empty/],
  'a prototype': ['{"__proto__": {"a": 1}}', /JSON/],
  'an unknown field': [{ size: 5 }, /^"size" is not known here; there are: name, method, contentType/],
  'two wrong fields': [
    { name: 7, minBytes: '1' },
    /^"name" is 1 to 900 bytes.*, not 7\. "minBytes" is a whole number.*, not "1"$/,
  ],
  'a name with a slash': [{ name: '../accepted/x' }, /^"name" can't be used: .* there is "\/" in/],
  'a name with a variable': [{ name: '$\u007bfilename}' }, /^"name" can't be used/],
  'a name of two lines': [{ name: 'a\r\nx-amz-acl: public-read' }, /^"name" can't be used/],
  'a name with NUL': [{ name: 'a\0b' }, /^"name" can't be used/],
  'a name that is too long': [{ name: 'ä'.repeat(451) }, /^"name" can't be used: .*902/],
  'a name with a line separator': [{ name: 'a\u2028b' }, /^"name" can't be used: .* U\+2028 in "a\\u2028b"$/],
  'a name that turns text round': [
    { name: 'invoice\u202efdp.exe' },
    `"name" can't be used: a name part has 1 to 900 bytes of UTF-8 without "/", "$", control characters and characters that hide or reorder text, but there is U+202E in "invoice\\u202efdp.exe"`,
  ],
  'a name with a byte order mark': [{ name: '\ufeffx' }, /^"name" can't be used: .* U\+FEFF in/],
  'a metadata value that turns text round': [
    { metadata: { a: '\u202ex' } },
    /^"metadata" is names .*\\u202ex/,
  ],
  'a field with an invisible character': [{ 'na\u200bme': 'x' }, /^"na\\u200bme" is not known here/],
  'an empty name': [{ name: '' }, /^"name" is 1 to 900 bytes/],
  'another method': [{ method: 'PUT' }, '"method" is "post" or "put", not "PUT"'],
  'a content type without a subtype': [
    { contentType: 'pdf' },
    /^"contentType" is a media type .*, not "pdf"$/,
  ],
  'a content type of two lines': [{ contentType: 'text/plain\r\nx: y' }, /^"contentType" is a media type/],
  'a size with a fraction': [{ maxBytes: 1.5 }, /^"maxBytes" is a whole number of bytes .*, not 1\.5$/],
  'a negative size': [{ minBytes: -1 }, /^"minBytes" is a whole number of bytes from 0/],
  'a size beyond the installation’s': [{ maxBytes: 5_001 }, '"maxBytes" is at most 5000, not 5001'],
  'a smallest size beyond the installation’s': [{ minBytes: 5_001 }, '"minBytes" is at most 5000, not 5001'],
  'a smallest size above the largest': [
    { minBytes: 7, maxBytes: 6 },
    '"minBytes" is at most "maxBytes", which is 6, not 7',
  ],
  'a PUT without a size': [
    { method: 'put' },
    /^"minBytes" and "maxBytes" are both the exact size when "method" is "put", not undefined/,
  ],
  'a PUT with a range': [{ method: 'put', minBytes: 1, maxBytes: 2 }, /both the exact size .*, not 1 and 2$/],
  'a PUT with one size': [{ method: 'put', maxBytes: 0 }, /both the exact size/],
  'a short checksum': [{ sha256: 'ab' }, /^"sha256" is a SHA-256 in 64 hexadecimal digits/],
  'a checksum in crooked base64': [{ sha256: `${'A'.repeat(42)}B=` }, /^"sha256" is a SHA-256/],
  'no lifetime': [{ expiresInSeconds: 0 }, /^"expiresInSeconds" is a whole number of seconds from 1/],
  'too long a lifetime': [{ expiresInSeconds: 3_601 }, '"expiresInSeconds" is at most 3600 here, not 3601'],
  'metadata that is no object': [{ metadata: 'a=b' }, /^"metadata" is names of 1 to 128/],
  'a metadata name in capitals': [{ metadata: { Customer: 'x' } }, /^"metadata" is names .*"Customer"/],
  'a metadata name with a line break': [{ metadata: { 'a\r\nb': 'x' } }, /^"metadata" is names/],
  'a metadata value beyond ASCII': [{ metadata: { a: 'Müller' } }, /^"metadata" is names .*ASCII.*Müller/],
  'a metadata value of two lines': [{ metadata: { a: 'x\r\ny: z' } }, /^"metadata" is names/],
  'a metadata value with NUL': [{ metadata: { a: 'x\0y' } }, /^"metadata" is names/],
  'a metadata value with a space at its end': [{ metadata: { a: 'x ' } }, /^"metadata" is names/],
  'an empty metadata value': [{ metadata: { a: '' } }, /^"metadata" is names/],
  'a metadata value that is a number': [{ metadata: { a: 1 } }, /^"metadata" is names/],
  'a field of brackets without end': [
    `{"name": ${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`,
    '"name" is 1 to 900 bytes of UTF-8 without "/", "$", control characters and characters that hide or reorder text, not […]',
  ],
  'a field of braces without end': [
    `{"metadata": ${'{"":'.repeat(DEPTH / 2.5)}1${'}'.repeat(DEPTH / 2.5)}}`,
    /^"metadata" is names of 1 to 128 .*, not \{/,
  ],
  'nothing but brackets': [`${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`, 'The body is a JSON object'],
  'too much metadata': [
    { metadata: { a: 'x'.repeat(1_024), b: 'x'.repeat(1_023) } },
    '"metadata" has at most 2048 bytes, names and values together, not 2049',
  ],
  'a file name with a path': [{ filename: '../x' }, /^"filename" is 1 to 255 bytes .*, not "\.\.\/x"$/],
  'a file name with a path of Windows': [{ filename: 'C:\\x' }, /^"filename" is 1 to 255 bytes/],
  'the name of a directory': [{ filename: '..' }, /^"filename" is 1 to 255 bytes/],
  'an empty file name': [{ filename: '' }, /^"filename" is 1 to 255 bytes/],
  'a file name that is too long': [{ filename: 'ä'.repeat(128) }, /^"filename" is 1 to 255 bytes/],
  'a file name that turns text round': [{ filename: 'a\u202efdp.exe' }, /^"filename" is .*a\\u202efdp/],
  'half of a character in a file name': ['{"filename": "a\\ud83d"}', /^"filename" is 1 to 255 bytes/],
  'a file name of two lines': [{ filename: 'a\r\nb' }, /^"filename" is 1 to 255 bytes/],
  'two file names': [
    { filename: 'a', metadata: { filename: 'b' } },
    '"metadata" has no "filename" beside the field "filename", which is kept there',
  ],
  'a file name and too much metadata': [
    { filename: 'ä'.repeat(100), metadata: { a: 'x'.repeat(1_440) } },
    '"metadata" has at most 2048 bytes, names and values together, not 2049',
  ],
  'another status': [{ successStatus: 303 }, '"successStatus" is 200, 201 or 204, not 303'],
  'a status and a redirect': [
    { successStatus: 200, successRedirect: 'https://www.example.com/' },
    /^"successStatus" and "successRedirect" can't be given together/,
  ],
  'a status for a PUT': [
    { method: 'put', minBytes: 1, maxBytes: 1, successStatus: 200 },
    '"successStatus" is for a form: a PUT has none of it',
  ],
  'a redirect for a PUT': [
    { method: 'put', minBytes: 1, maxBytes: 1, successRedirect: 'https://www.example.com/' },
    '"successRedirect" is for a form: a PUT has none of it',
  ],
  'a redirect to another origin': [
    { successRedirect: 'https://evil.example/' },
    '"successRedirect" leads to an origin that this installation allows (one of https://www.example.com), not to "https://evil.example/"',
  ],
  'a redirect to another port': [{ successRedirect: 'https://www.example.com:444/' }, /leads to an origin/],
  'a redirect without TLS': [{ successRedirect: 'http://www.example.com/' }, /leads to an origin/],
  'a redirect with the origin in a name': [
    { successRedirect: 'https://www.example.com@evil.example/' },
    /leads to an origin/,
  ],
  'a redirect with a user name': [
    { successRedirect: 'https://evil.example@www.example.com/' },
    /leads to an origin/,
  ],
  'a redirect to a host that begins alike': [
    { successRedirect: 'https://www.example.com.evil.example/' },
    /leads to an origin/,
  ],
  'a redirect that parsers read differently': [
    { successRedirect: 'https://www.example.com\\@evil.example/' },
    /^"successRedirect" is an http or https URL/,
  ],
  'a redirect of two lines': [
    { successRedirect: 'https://www.example.com/\r\nx: y' },
    /^"successRedirect" is an http/,
  ],
  'a redirect that is a script': [{ successRedirect: 'javascript:x' }, /^"successRedirect" is an http/],
  'a redirect with a fragment': [
    { successRedirect: 'https://www.example.com/#a' },
    /^"successRedirect" is an http/,
  ],
  'the variable filename in a redirect': [
    { successRedirect: 'https://www.example.com/$\u007bfilename}' },
    /^"successRedirect" has no \$\{filename\} in a form/,
  ],
  'the variable filename in metadata': [
    { metadata: { a: 'b', c: 'd-$\u007bfilename}' } },
    /^"metadata" has no \$\{filename\} in a form: S3 puts the name of the file in its place/,
  ],
  'the variable filename in a content type': [
    { contentType: 'text/plain; name="$\u007bfilename}"' },
    /^"contentType" has no \$\{filename\} in a form/,
  ],
};

t.test('what is wrong is named, with its value and what is allowed; nothing is issued', async (t) => {
  const { create, faults, metrics } = await issuer(t);
  for (const [what, [body, message]] of Object.entries(WRONG)) {
    const response = await create(body);
    t.equal(response.statusCode, 400, what);
    t.match(response.json(), { code: 'BadRequest', message }, what);
    t.ok(response.body.length < 600, `${what}: a long value is not repeated whole`);
  }
  t.strictSame(faults.calls, []);
  t.notOk(metrics.some(({ name }) => name === 'UploadsIssued'));
});

t.test('without allowed origins there is no redirect', async (t) => {
  const { create } = await issuer(t, { defaults: { ...DEFAULTS, redirectOrigins: [] } });
  const response = await create({ successRedirect: 'https://www.example.com/' });
  t.equal(response.statusCode, 400);
  t.match(response.json().message, /^"successRedirect" leads to .* \(none is allowed\), not to/);
});

t.test('every field that is wrong is named, also what is wrong only together with others', async (t) => {
  const { create, accessStore } = await issuer(t);
  const all = await create({
    name: 'a/b',
    minBytes: 7,
    maxBytes: 6,
    expiresInSeconds: 3_601,
    metadata: { a: 'x'.repeat(1_024), b: 'x'.repeat(1_023) },
  });
  t.equal(all.statusCode, 400);
  t.match(all.json(), {
    message:
      /^"name" can't be used: .*\. "minBytes" is at most "maxBytes", .*\. "expiresInSeconds" is at most .*\. "metadata" has at most 2048 bytes/,
  });
  await addKey(accessStore, { value: 'small images', maxBytes: 17, allowedContentTypes: ['image/*'] });
  const headers = { 'x-api-key': 'small images' };
  const forbidden = await create({ contentType: 'text/html', minBytes: 18, maxBytes: 19 }, headers);
  t.equal(forbidden.statusCode, 403);
  t.match(forbidden.json(), {
    code: 'ContentTypeNotAllowed',
    message:
      /^"contentType" is one of image\/\* .*\. "maxBytes" is at most 17 .*\. "minBytes" is at most 17 /,
  });
  const both = await create({ contentType: 'text/html', expiresInSeconds: 3_601 }, headers);
  t.equal(both.statusCode, 400, 'another key would not make it right');
  t.match(both.json(), {
    code: 'BadRequest',
    message: /"contentType" is one of .*"expiresInSeconds" is at most/,
  });
});

t.test('where the bucket takes no presigned PUT none is given, and forms are as ever', async (t) => {
  const { create, faults } = await issuer(t, { defaults: { ...DEFAULTS, presignedPut: false } });
  const put = await create({ method: 'put', minBytes: 5, maxBytes: 5 });
  t.equal(put.statusCode, 400);
  t.strictSame(put.json(), {
    code: 'BadRequest',
    message: '"method" is "post" here, not "put": this installation takes no presigned PUTs',
  });
  t.strictSame(faults.calls, []);
  t.equal((await create({ method: 'post' })).statusCode, 201);
  t.equal((await create({})).statusCode, 201);
});

t.test('what is just allowed is taken', async (t) => {
  const { create } = await issuer(t);
  for (const body of [
    { name: 'ä'.repeat(450) },
    { name: '..' },
    { contentType: 'multipart/mixed; boundary="a b"' },
    { minBytes: 0, maxBytes: 0 },
    { minBytes: 5_000 },
    { method: 'put', minBytes: 0, maxBytes: 0 },
    { metadata: {} },
    { metadata: { a: 'x'.repeat(1_024), b: 'x'.repeat(1_022) } },
    { metadata: { 'a.b_c-d': '!"§'.replace('§', '~') } },
    { metadata: { a: '$ {filename} $\u007bfilename' } },
    { method: 'put', minBytes: 0, maxBytes: 0, metadata: { a: '$\u007bfilename}' } },
  ]) {
    const response = await create(body);
    t.equal(response.statusCode, 201, response.body.slice(0, 200));
  }
});

t.test('what is no JSON, or too much of it, is refused', async (t) => {
  const { create, app, faults } = await issuer(t);
  const text = await create('{}', { 'content-type': 'text/plain' });
  t.equal(text.statusCode, 415);
  t.match(text.json(), { code: 'UnsupportedMediaType', message: /application\/json/ });
  const large = await create({ name: 'x'.repeat(40_000) });
  t.equal(large.statusCode, 413);
  t.match(large.json(), { code: 'PayloadTooLarge' });
  const none = await app.inject({ method: 'POST', url: '/v1/uploads', headers: { 'x-api-key': KEY_VALUE } });
  t.equal(none.statusCode, 400);
  t.match(none.json(), { message: 'The body is a JSON object' });
  t.strictSame(faults.calls, []);
});

t.test('a body is JSON in UTF-8, as it is sent', async (t) => {
  const { app, create, faults } = await issuer(t);
  const cases: [number, Record<string, string>, RegExp][] = [
    [415, { 'content-encoding': 'gzip' }, /without Content-Encoding: "gzip"/],
    [415, { 'content-encoding': 'x'.repeat(5_000) }, /^.{1,200}$/],
    [415, { 'content-encoding': 'identity, br' }, /without Content-Encoding/],
    [415, { 'content-type': 'application/json; charset=utf-16' }, /in UTF-8 here, not in "utf-16"/],
    [415, { 'content-type': 'application/json;a=b; Charset="iso-8859-1"' }, /not in "iso-8859-1"/],
    [415, { 'content-type': 'application/json; charset=' }, /not in ""|JSON/],
  ];
  for (const [status, headers, message] of cases) {
    const response = await create({}, headers);
    t.equal(response.statusCode, status, JSON.stringify(headers).slice(0, 100));
    t.match(response.json(), { code: 'UnsupportedMediaType', message });
  }
  const inLatin1 = await app.inject({
    method: 'POST',
    url: '/v1/uploads',
    headers: { 'x-api-key': KEY_VALUE, 'content-type': 'application/json' },
    payload: Buffer.from('{"name": "Zähler"}', 'latin1'),
  });
  t.equal(inLatin1.statusCode, 400);
  t.strictSame(inLatin1.json(), { code: 'BadRequest', message: 'The body is no UTF-8' });
  t.strictSame(faults.calls, []);
  for (const headers of [
    { 'content-encoding': 'identity' },
    { 'content-type': 'application/json; charset=UTF-8' },
    { 'content-type': 'application/json;charset="utf8"' },
  ]) {
    t.equal((await create({ name: 'Zähler' }, headers)).statusCode, 201, JSON.stringify(headers));
  }
});

t.test('P7: without a key nothing of the body is looked at', async (t) => {
  const { create, faults } = await issuer(t);
  for (const body of [{}, { size: 5 }, '{broken']) {
    const response = await create(body, { 'x-api-key': 'unknown’s' });
    t.equal(response.statusCode, 403);
    t.strictSame(response.json(), { message: 'Forbidden', code: 'Forbidden' });
  }
  t.strictSame(faults.calls, []);
});

t.test('a key’s own limits bound what it may ask for', async (t) => {
  const { create, accessStore, faults } = await issuer(t);
  await addKey(accessStore, { value: 'small', maxBytes: 17 });
  await addKey(accessStore, { value: 'images', allowedContentTypes: ['image/*', 'application/pdf'] });
  const refused = async (value: string, body: object, status: number, refusal: object) => {
    const response = await create(body, { 'x-api-key': value });
    t.equal(response.statusCode, status);
    t.match(response.json(), refusal);
  };
  const tooLarge = { code: 'TooLargeForKey', message: '"maxBytes" is at most 17 for this key, not 18' };
  await refused('small', { maxBytes: 18 }, 403, tooLarge);
  await refused('small', { minBytes: 18 }, 403, { code: 'TooLargeForKey', message: /^"minBytes"/ });
  await refused('images', { contentType: 'text/html' }, 403, {
    code: 'ContentTypeNotAllowed',
    message:
      '"contentType" is one of image/*, application/pdf for this key, not "text/html": "/*" leaves out what browsers execute',
  });
  await refused('images', { contentType: 'image/SVG+xml; charset=utf-8' }, 403, {
    code: 'ContentTypeNotAllowed',
    message: /not "image\/SVG\+xml; charset=utf-8": "\/\*" leaves out what browsers execute$/,
  });
  await refused('images', { contentType: 'text/plain' }, 403, {
    message: '"contentType" is one of image/*, application/pdf for this key, not "text/plain"',
  });
  await refused('images', {}, 400, {
    message: '"contentType" is needed with this key: one of image/*, application/pdf',
  });
  t.strictSame(faults.calls, []);
  await addKey(accessStore, { value: 'drawings', allowedContentTypes: ['image/*', 'image/svg+xml'] });
  t.equal((await create({ contentType: 'image/svg+xml' }, { 'x-api-key': 'drawings' })).statusCode, 201);

  const small = (await create({}, { 'x-api-key': 'small' })).json();
  t.strictSame(conditionsOf(small)[0], ['content-length-range', 0, 17]);
  const image = (await create({ contentType: 'image/PNG' }, { 'x-api-key': 'images' })).json();
  t.equal(image.fields['Content-Type'], 'image/PNG');
});
