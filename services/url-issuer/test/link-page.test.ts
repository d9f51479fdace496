import t from 'tap';
import { addKey, DEFAULTS, KEY_ID, LINKS } from './app-under-test.ts';
import { linkClient, VERSION } from './link-client.ts';

const OTHER_SECRET = 'A'.repeat(43);

t.test('the page sees what it shows, and nothing else', async (t) => {
  const { make, view } = await linkClient(t);
  const { token, expiresAt } = await make({
    title: 'Your invoice',
    message: 'Please.',
    from: 'Müller & Söhne',
    contentTypes: ['application/pdf'],
    minBytes: 1,
    maxBytes: 100,
    metadata: { inner: 'matter' },
    returnUrl: 'https://www.example.com/thanks',
    language: 'nl',
  });
  const response = await view(token);
  t.equal(response.statusCode, 200);
  t.strictSame(response.json(), {
    state: 'open',
    title: 'Your invoice',
    message: 'Please.',
    from: 'Müller & Söhne',
    returnUrl: 'https://www.example.com/thanks',
    language: 'nl',
    contentTypes: ['application/pdf'],
    minBytes: 1,
    maxBytes: 100,
    expiresAt,
  });
  t.equal(response.headers['cache-control'], 'no-store');
  t.match(response.headers['ratelimit-policy'], '"address";q=10000;w=60, "rate";q=1000;w=60');
});

t.test('each state of a link', async (t) => {
  const { make, view, sign, uploadStore, accessStore } = await linkClient(t);
  const { key, token } = await make();
  const is = async (state: string, status: number, code?: string) => {
    t.match((await view(token)).json(), { state });
    const signed = await sign(token);
    t.equal(signed.statusCode, status, state);
    t.equal(signed.json().code, code);
  };
  await is('open', 200);
  await accessStore.setEnabled(KEY_ID, false);
  await is('stopped', 410, 'LinkStopped');
  await accessStore.setEnabled(KEY_ID, true);
  await uploadStore.claim(key, VERSION);
  await is('received', 409, 'LinkUsed');
  t.strictSame((await view(token)).json().received, {
    versionId: 'v1',
    sizeBytes: 5,
    storedAt: '2025-03-04T05:06:10.250Z',
  });
  await accessStore.setEnabled(KEY_ID, false);
  await is('received', 409, 'LinkUsed');
  await accessStore.deleteKey(KEY_ID);
  await is('received', 409, 'LinkUsed');
  await uploadStore.accept(key, { claimedVersionId: 'v1', acceptedVersionId: 'v2' });
  await uploadStore.startProcessing(key, { acceptedVersionId: 'v2', leaseOwner: 'w', leaseSeconds: 60 });
  await is('received', 409, 'LinkUsed');
  await uploadStore.fail(key, 1, { failureReason: 'the password of a database' });
  await is('failed', 409, 'LinkUsed');
  t.notMatch((await view(token)).body, 'password');
});

t.test('a link expires to the second', async (t) => {
  const { make, view, sign, clock } = await linkClient(t);
  const { token } = await make();
  clock.now = new Date('2025-03-11T05:06:06.999Z');
  t.match((await view(token)).json(), { state: 'open' });
  t.equal(new URL((await sign(token)).json().url).searchParams.get('X-Amz-Expires'), '1');
  clock.now = new Date('2025-03-11T05:06:07.000Z');
  t.match((await view(token)).json(), { state: 'expired' });
  const signed = await sign(token);
  t.equal(signed.statusCode, 410);
  t.match(signed.json(), { code: 'LinkExpired' });
});

t.test('P7: without its secret a link is none, and which ids exist is not told', async (t) => {
  const { make, view, sign, app } = await linkClient(t);
  const { id, token } = await make();
  const wrong = [
    `${id}.${OTHER_SECRET}`,
    `none.${OTHER_SECRET}`,
    `${'x'.repeat(1_100)}.${OTHER_SECRET}`,
    `.${OTHER_SECRET}`,
    `%.${OTHER_SECRET}`,
    OTHER_SECRET,
    id,
    `${token}a`,
    token.slice(0, -1),
    `${token} ${token}`,
  ];
  const bodies = new Set<string>();
  for (const each of wrong) {
    for (const response of [await view(each), await sign(each)]) {
      t.equal(response.statusCode, 403, each);
      bodies.add(response.body);
    }
  }
  const asked = (headers: Record<string, string | string[]>) =>
    app.inject({ method: 'POST', url: '/u/view', headers });
  for (const headers of [
    {},
    { authorization: token },
    { authorization: `Basic ${token}` },
    { authorization: 'Bearer ' },
    { authorization: [`Bearer ${token}`, `Bearer ${token}`] },
    { 'x-api-key': 'a key that only its holder knows' },
  ]) {
    const response = await asked(headers as Record<string, string>);
    t.equal(response.statusCode, 403, JSON.stringify(headers));
    bodies.add(response.body);
  }
  t.strictSame([...bodies], ['{"message":"Forbidden","code":"Forbidden"}']);
  t.equal((await asked({ authorization: `bearer  ${token}` })).statusCode, 200);
});

t.test('GET and HEAD sign nothing and show nothing', async (t) => {
  const { make, app, faults } = await linkClient(t);
  const { token } = await make();
  const before = faults.calls.length;
  for (const method of ['GET', 'HEAD'] as const) {
    for (const url of ['/u/view', '/u/sign', `/u/view?link=${token}`]) {
      const response = await app.inject({ method, url, headers: { authorization: `Bearer ${token}` } });
      t.equal(response.statusCode, 404, `${method} ${url}`);
    }
  }
  t.equal(faults.calls.length, before);
});

t.test('P6: a PUT is signed for a minute, for the link’s key, once, of one size', async (t) => {
  const { make, sign, clock } = await linkClient(t);
  const { key, token } = await make({ metadata: { customer: '7' }, sha256: 'ab'.repeat(32) });
  clock.now = new Date(clock.now.getTime() + 3_600_000);
  const response = await sign(token, { sizeBytes: 7, contentType: 'text/plain' });
  t.equal(response.statusCode, 200);
  const { method, url, headers, expiresAt, ...others } = response.json();
  t.strictSame(others, {});
  t.equal(method, 'put');
  t.equal(expiresAt, '2025-03-04T06:07:07.000Z');
  const signed = new URL(url);
  t.equal(decodeURIComponent(signed.pathname), `/${key}`);
  t.equal(signed.searchParams.get('X-Amz-Date'), '20250304T060607Z');
  t.equal(signed.searchParams.get('X-Amz-Expires'), '60');
  t.strictSame(headers, {
    'content-length': '7',
    'content-type': 'text/plain',
    'if-none-match': '*',
    'x-amz-checksum-sha256': Buffer.from('ab'.repeat(32), 'hex').toString('base64'),
    'x-amz-meta-customer': '7',
  });
  t.equal(
    signed.searchParams.get('X-Amz-SignedHeaders'),
    'content-length;content-type;host;if-none-match;x-amz-checksum-sha256;x-amz-meta-customer',
  );
});

t.test('the name of the file is signed into its metadata', async (t) => {
  const { make, sign, create } = await linkClient(t);
  const { token } = await make({ metadata: { customer: '7' } });
  const file = { sizeBytes: 7, filename: 'Zähler 1.pdf' };
  t.match((await sign(token, file)).json(), {
    headers: { 'x-amz-meta-filename': 'Z%C3%A4hler%201.pdf', 'x-amz-meta-customer': '7' },
  });
  const form = await make({ method: 'post' });
  t.match((await sign(form.token, file)).json(), {
    fields: { 'x-amz-meta-filename': 'Z%C3%A4hler%201.pdf' },
  });
  for (const filename of ['', '..', 'a/b', 'a\\b', 'a\u202eb', 'ä'.repeat(128), 'x'.repeat(256)])
    t.equal((await sign(token, { sizeBytes: 7, filename })).statusCode, 400, `${filename.length}`);
  const longest = { sizeBytes: 7, filename: '\u20ac'.repeat(85), contentType: `a/${'x'.repeat(253)}` };
  t.equal((await sign(token, longest)).statusCode, 200);
  t.match((await create({ metadata: { filename: 'x' } })).json().message, /no "filename"/);
  t.match((await create({ metadata: { a: 'x'.repeat(1_300) } })).json().message, /"metadata"/);
});

t.test('P6: a form is signed for a minute, for the link’s key and of one size', async (t) => {
  const { make, sign } = await linkClient(t);
  const { key, token } = await make({ method: 'post' });
  const { method, fields, expiresAt } = (await sign(token, { sizeBytes: 7 })).json();
  t.equal(method, 'post');
  t.equal(fields.key, key);
  t.equal(expiresAt, '2025-03-04T05:07:07.000Z');
  const policy = JSON.parse(Buffer.from(fields.policy, 'base64').toString());
  t.match(policy, { expiration: '2025-03-04T05:07:07Z' });
  t.strictSame(policy.conditions[0], ['content-length-range', 7, 7]);
});

t.test('P6: nothing is signed beyond the end of a link', async (t) => {
  const { make, sign, clock } = await linkClient(t);
  const { token, expiresAt } = await make({ expiresInSeconds: 90 });
  clock.now = new Date(clock.now.getTime() + 60_000);
  const signed = (await sign(token)).json();
  t.equal(signed.expiresAt, expiresAt);
  t.equal(new URL(signed.url).searchParams.get('X-Amz-Expires'), '30');
});

t.test('the date of a signature is from before the upload was read', async (t) => {
  const { make, sign, faults, clock } = await linkClient(t);
  const { token } = await make();
  const stall = faults.stallNext('after', 'getSome');
  const signing = sign(token);
  await stall.reached;
  clock.now = new Date(clock.now.getTime() + 4_000);
  stall.release();
  t.equal(new URL((await signing).json().url).searchParams.get('X-Amz-Date'), '20250304T050607Z');
});

t.test('a file that is too large, too small or of a wrong type is refused', async (t) => {
  const { make, sign } = await linkClient(t);
  const { token } = await make({ minBytes: 2, maxBytes: 10, contentTypes: ['application/pdf', 'image/*'] });
  const refused: [body: object, status: number, code: string][] = [
    [{ sizeBytes: 11, contentType: 'application/pdf' }, 413, 'FileTooLarge'],
    [{ sizeBytes: 9e15, contentType: 'application/pdf' }, 413, 'FileTooLarge'],
    [{ sizeBytes: 1, contentType: 'application/pdf' }, 400, 'FileTooSmall'],
    [{ sizeBytes: 5, contentType: 'text/plain' }, 415, 'ContentTypeNotAllowed'],
    [{ sizeBytes: 5, contentType: 'image/svg+xml' }, 415, 'ContentTypeNotAllowed'],
    [{ sizeBytes: 5 }, 415, 'ContentTypeNotAllowed'],
    [{ sizeBytes: -1, contentType: 'application/pdf' }, 400, 'BadRequest'],
    [{ contentType: 'application/pdf' }, 400, 'BadRequest'],
    [{ sizeBytes: 5, contentType: 'pdf' }, 400, 'BadRequest'],
    [{ sizeBytes: 5, contentType: 'image/png', key: 'uploads/x' }, 400, 'BadRequest'],
  ];
  for (const [body, status, code] of refused) {
    const response = await sign(token, body);
    t.equal(response.statusCode, status, JSON.stringify(body));
    t.equal(response.json().code, code);
  }
  for (const contentType of ['application/pdf', 'IMAGE/png', 'image/webp; x=y'])
    t.equal((await sign(token, { sizeBytes: 10, contentType })).statusCode, 200, contentType);
  const form = await make({ method: 'post' });
  const variable = { sizeBytes: 5, contentType: 'a/b; x="$\u007bfilename}"' };
  t.equal((await sign(form.token, variable)).statusCode, 415, 'S3 would put a file’s name there');
});

t.test('what its key may have now holds for a link that was made before', async (t) => {
  const { accessStore, create, view, sign } = await linkClient(t);
  const keyId = await addKey(accessStore, { value: 'narrowed' });
  const { url } = (await create({ maxBytes: 100 }, { 'x-api-key': 'narrowed' })).json();
  const token = url.split('#')[1];
  const { key } = await accessStore.getKey(keyId);
  const { keyId: _id, createdAt, enabled, ...settings } = key;
  await accessStore.changeSettings(key, { ...settings, maxBytes: 50, allowedContentTypes: ['image/png'] });
  t.match((await view(token)).json(), { maxBytes: 50 });
  t.equal((await sign(token, { sizeBytes: 51, contentType: 'image/png' })).statusCode, 413);
  t.equal((await sign(token, { sizeBytes: 50, contentType: 'image/gif' })).statusCode, 415);
  t.equal((await sign(token, { sizeBytes: 50, contentType: 'image/png' })).statusCode, 200);
});

t.test(
  'the page shows the types that link and key both allow, and a refusal names which of them refused',
  async (t) => {
    const { accessStore, create, view, sign } = await linkClient(t);
    const keyId = await addKey(accessStore, { value: 'changed' });
    const make = async (contentTypes: string[]) =>
      (await create({ contentTypes }, { 'x-api-key': 'changed' })).json().url.split('#')[1];
    const pdf = await make(['application/pdf']);
    const images = await make(['image/*', 'application/pdf']);
    const texts = await make(['text/*']);
    const allow = async (allowedContentTypes: string[]) => {
      const { key } = await accessStore.getKey(keyId);
      const { keyId: _id, createdAt, enabled, ...settings } = key;
      await accessStore.changeSettings(key, { ...settings, allowedContentTypes });
    };
    const typesOf = async (token: string) => (await view(token)).json().contentTypes;
    const refusal = async (token: string, contentType: string) => {
      const refused = await sign(token, { sizeBytes: 5, contentType });
      t.equal(refused.statusCode, 415);
      return refused.json().message;
    };
    t.strictSame(await typesOf(images), ['image/*', 'application/pdf'], 'the key allows any');
    await allow(['image/png', 'image/svg+xml', 'text/*']);
    t.strictSame(await typesOf(images), ['image/png']);
    t.strictSame(await typesOf(texts), ['text/*']);
    t.equal(
      await refusal(images, 'image/gif'),
      'The API key of the link allows image/png, image/svg+xml, text/*, not "image/gif"',
    );
    t.equal(
      await refusal(images, 'text/plain'),
      'The link allows image/*, application/pdf, not "text/plain"',
    );
    t.equal(
      await refusal(texts, 'text/html'),
      'The link allows text/*, and by a range no type that browsers execute, not "text/html"',
    );
    t.match((await view(pdf)).json(), { state: 'stopped' });
    const stopped = await sign(pdf, { sizeBytes: 5, contentType: 'application/pdf' });
    t.equal(stopped.statusCode, 410);
    t.match(stopped.json(), { code: 'LinkStopped' });
    await allow(['image/*']);
    t.strictSame(await typesOf(images), ['image/*']);
    await allow(['application/pdf']);
    t.match((await view(pdf)).json(), { state: 'open', contentTypes: ['application/pdf'] });
  },
);

t.test('a link has a rate of its own, which only requests with its secret use up', async (t) => {
  const { make, view, sign, clock } = await linkClient(t, { links: { ...LINKS, ratePerMinute: 3 } });
  const [one, other] = [await make(), await make()];
  for (let time = 0; time < 10; time += 1) await view(`${one.id}.${OTHER_SECRET}`);
  const responses = [
    await view(one.token),
    await sign(one.token),
    await view(one.token),
    await sign(one.token),
  ];
  t.strictSame(
    responses.map(({ statusCode }) => statusCode),
    [200, 200, 200, 429],
  );
  t.equal(responses[3]?.headers['retry-after'], '20');
  t.equal((await view(other.token)).statusCode, 200);
  clock.now = new Date(clock.now.getTime() + 20_000);
  t.equal((await view(one.token)).statusCode, 200);
});

t.test('an address has a rate for all links, counted before anything is looked up', async (t) => {
  const { make, view, faults } = await linkClient(t, {
    links: { ...LINKS, addressRatePerMinute: 3 },
    trustedProxies: ['127.0.0.1'],
  });
  const { token } = await make();
  const from = (address: string) => view(token, { 'x-forwarded-for': address });
  for (let time = 0; time < 3; time += 1)
    t.equal((await view(`none.${OTHER_SECRET}`, { 'x-forwarded-for': '192.0.2.1' })).statusCode, 403);
  const before = faults.calls.length;
  const refused = await from('192.0.2.1');
  t.equal(refused.statusCode, 429);
  t.match(refused.headers, { 'retry-after': '20', 'ratelimit-policy': '"address";q=3;w=60' });
  t.equal(faults.calls.length, before);
  t.equal((await from('192.0.2.2')).statusCode, 200);
  for (let time = 0; time < 3; time += 1) await from(`2001:db8::${time}`);
  t.equal((await from('2001:db8::ffff')).statusCode, 429, 'a /64 is one address');
  t.equal((await from('2001:db8:0:1::1')).statusCode, 200);
});

t.test('without a rate for addresses none is counted', async (t) => {
  const { make, view } = await linkClient(t, { links: { ...LINKS, addressRatePerMinute: 0 } });
  const { token } = await make();
  t.equal((await view(token)).headers['ratelimit-policy'], '"rate";q=1000;w=60');
});

t.test('a table that is away is no refusal: 503', async (t) => {
  const { make, view, sign, faults } = await linkClient(t);
  const { token } = await make();
  for (const ask of [view, sign]) {
    faults.failNext('before', 'getSome', new Error('away'));
    t.equal((await ask(token)).statusCode, 503);
  }
});

t.test('the secret is in no log line, no metric and no error', async (t) => {
  const { make, view, sign, create, manage, faults, logLines, metrics, app } = await linkClient(t, {
    links: { ...LINKS, ratePerMinute: 6 },
  });
  const { id, token } = await make();
  const secret = token.slice(-43);
  const bodies = [await view(token), await sign(token), await sign(token, { sizeBytes: 1e9 })];
  faults.failNext('before', 'getSome', new Error('away'));
  bodies.push(await view(token), await view(`${token}x`), await view(token, { expect: 'x' }));
  bodies.push(await app.inject({ method: 'POST', url: `/u/view/${token}` }));
  bodies.push(await app.inject({ method: 'GET', url: `/u?${token}` }));
  bodies.push(await app.inject({ method: 'GET', url: `/u%23${token}` }));
  bodies.push(
    await sign(token, { sizeBytes: token }),
    await manage('GET', id),
    await create({ title: secret, x: 1 }),
  );
  for (let time = 0; time < 4; time += 1) bodies.push(await view(token));
  t.strictSame(
    [...new Set(bodies.map(({ statusCode }) => statusCode))].sort(),
    [200, 400, 403, 404, 413, 417, 429, 503],
  );
  t.ok(logLines.length >= bodies.length);
  t.match(logLines.join(), id, 'the log names the upload');
  t.notMatch(logLines.join(), secret);
  t.notMatch(JSON.stringify(metrics), secret);
  t.notMatch(
    bodies
      .filter(({ statusCode }) => statusCode !== 400)
      .map(({ body }) => body)
      .join(),
    secret,
  );
});

t.test('the largest file is what the installation takes now', async (t) => {
  const { create, linkStore, uploadStore } = await linkClient(t, {
    defaults: { ...DEFAULTS, maxBytes: 900 },
  });
  const { id } = (await create()).json();
  const later = await linkClient(t, { defaults: { ...DEFAULTS, maxBytes: 800 }, linkStore, uploadStore });
  const { url } = (await create({}, { 'idempotency-key': 'x' })).json();
  t.ok(id);
  t.match((await later.view(url.split('#')[1])).json(), { maxBytes: 800 });
});
