import { createHash } from 'node:crypto';
import t from 'tap';
import { addKey, KEY_ID, KEY_VALUE, LINKS } from './app-under-test.ts';
import { linkClient, VERSION } from './link-client.ts';

const NOT_FOUND = { message: 'There is no such link of this API key', code: 'LinkNotFound' };
const REVOKED = { code: 'UploadRevoked' };
const HASH = /^[0-9a-f]{64}$/;

t.test('a link is an upload that is expected, and a secret that only the response has', async (t) => {
  const { create, linkStore, metrics, logLines } = await linkClient(t);
  const response = await create({
    name: 'Zähler 1+1 100%?#.',
    title: 'Your invoice',
    message: 'First line\nsecond line',
    from: 'Müller & Söhne',
    contentTypes: ['application/PDF', 'image/*'],
    minBytes: 1,
    maxBytes: 4_000,
    metadata: { customer: '7' },
    returnUrl: 'https://www.example.com/thanks',
    language: 'de',
    expiresInSeconds: 86_400,
  });
  t.equal(response.statusCode, 201);
  const { id, url, expiresAt, ...others } = response.json();
  t.strictSame(others, {});
  t.match(id, /^Zähler 1\+1 100%\?#\.-20250304_050607-[a-z2-7]{26}$/);
  t.equal(expiresAt, '2025-03-05T05:06:07.000Z');
  const [, secret = ''] = /^https:\/\/uploads\.example\.com\/u#.*\.([A-Za-z0-9_-]{43})$/.exec(url) ?? [];
  t.equal(url, `https://uploads.example.com/u#${encodeURIComponent(id)}.${secret}`);
  const found = await linkStore.get(`uploads/${id}`);
  t.strictSame(found?.link, {
    key: `uploads/${id}`,
    apiKeyId: KEY_ID,
    createdAt: new Date('2025-03-04T05:06:07.890Z'),
    secretSha256: createHash('sha256').update(secret).digest('hex'),
    title: 'Your invoice',
    message: 'First line\nsecond line',
    from: 'Müller & Söhne',
    contentTypes: ['application/pdf', 'image/*'],
    returnUrl: 'https://www.example.com/thanks',
    language: 'de',
  });
  t.match(found?.upload, {
    state: 'ISSUED',
    constraints: { method: 'put', minBytes: 1, maxBytes: 4_000 },
    metadata: { customer: '7' },
    signatureSeconds: 60,
    expiresAt: new Date(expiresAt),
  });
  t.match(metrics, [{ name: 'UploadsIssued', value: 1 }]);
  t.notMatch(logLines.join(), secret);
});

t.test('a link without any wish has the installation’s defaults', async (t) => {
  const { make, manage } = await linkClient(t);
  const { id, expiresAt } = await make();
  t.equal(expiresAt, '2025-03-11T05:06:07.000Z');
  t.strictSame((await manage('GET', id)).json(), {
    id,
    state: 'ISSUED',
    createdAt: '2025-03-04T05:06:07.890Z',
    expiresAt,
    method: 'put',
    minBytes: 0,
    maxBytes: 5_000,
    metadata: {},
  });
});

t.test('where the bucket takes no PUT, a link is for a form', async (t) => {
  const { defaults } = { defaults: (await import('./app-under-test.ts')).DEFAULTS };
  const { create, make, manage } = await linkClient(t, { defaults: { ...defaults, presignedPut: false } });
  const { id } = await make();
  t.match((await manage('GET', id)).json(), { method: 'post' });
  t.match((await create({ method: 'put' })).json(), { message: /takes no presigned PUTs/ });
});

t.test('a URL has the path at which the service is', async (t) => {
  const { app } = await linkClient(t, { pathPrefix: '/prod' });
  const headers = { 'x-api-key': KEY_VALUE };
  const made = await app.inject({ method: 'POST', url: '/prod/v1/links', headers, payload: {} });
  const { url } = made.json();
  t.match(url, /^https:\/\/uploads\.example\.com\/prod\/u#/);
  const authorization = `Bearer ${url.split('#')[1]}`;
  t.equal(
    (await app.inject({ method: 'POST', url: '/prod/u/view', headers: { authorization } })).statusCode,
    200,
  );
});

t.test('without an origin there are no links, and what exists is managed', async (t) => {
  const { origin, ...off } = LINKS;
  const { create, view, manage } = await linkClient(t, { links: off });
  const refused = await create();
  t.equal(refused.statusCode, 403);
  t.match(refused.json(), { code: 'LinksDisabled' });
  t.match((await view(`x.${'a'.repeat(43)}`)).json(), { code: 'LinksDisabled' });
  t.equal((await manage('GET', 'x')).statusCode, 404);
});

t.test('what can’t be asked for is named, and makes nothing', async (t) => {
  const { create, faults } = await linkClient(t);
  const wrong: Record<string, [body: object, message: RegExp]> = {
    unknown: [{ contentType: 'a/b' }, /"contentType" is not known here/],
    'too long a life': [{ expiresInSeconds: 20 * 86_400 + 1 }, /at most 1728000 here/],
    'longer than any': [{ expiresInSeconds: 30 * 86_400 + 1 }, /30 days/],
    'a hidden character': [{ title: 'a\u202eb' }, /"title" .*U\+202E/],
    'a line break in a title': [{ title: 'a\nb' }, /"title" .*U\+000A/],
    'a control in a message': [{ message: 'a\u0007b' }, /"message" .*U\+0007/],
    'too long a title': [{ title: 'x'.repeat(121) }, /"title" is at most 120/],
    'a type that is none': [{ contentTypes: ['pdf'] }, /"contentTypes" is a list/],
    'any type': [
      { contentTypes: ['*/*'] },
      /such as "image\/\*" \(to allow any type, leave it out\), not \["\*\/\*"\]/,
    ],
    'any type beside another': [{ contentTypes: ['image/*', '*/*'] }, /"contentTypes" is a list/],
    'a subtype of any type': [{ contentTypes: ['*/png'] }, /"contentTypes" is a list/],
    'a part of a type': [{ contentTypes: ['image/p*'] }, /"contentTypes" is a list/],
    'no types': [{ contentTypes: [] }, /"contentTypes" is a list/],
    'another origin': [{ returnUrl: 'https://evil.example/' }, /"returnUrl" is at one of https:\/\/www/],
    'a user in a URL': [{ returnUrl: 'https://u@www.example.com/' }, /"returnUrl"/],
    'a password in a URL': [{ returnUrl: 'https://:p@www.example.com/' }, /"returnUrl"/],
    'a URL within a page': [{ returnUrl: 'blob:https://www.example.com/x' }, /"returnUrl"/],
    'a script': [{ returnUrl: 'javascript:alert(1)' }, /"returnUrl"/],
    'another language': [{ language: 'xx' }, /"language" is one of en, de/],
    'too large': [{ maxBytes: 5_001 }, /"maxBytes" is at most 5000/],
    'sizes the wrong way round': [{ minBytes: 3, maxBytes: 2 }, /"minBytes"/],
    'a name that is none': [{ name: 'a/b' }, /"name"/],
  };
  const before = faults.calls.length;
  for (const [what, [body, message]] of Object.entries(wrong)) {
    const response = await create(body);
    t.equal(response.statusCode, 400, what);
    t.match(response.json().message, message, what);
  }
  t.equal(faults.calls.length, before);
});

t.test('a key makes links for what it may have alone', async (t) => {
  const { accessStore, create, manage } = await linkClient(t);
  await addKey(accessStore, {
    value: 'narrow',
    allowedContentTypes: ['application/pdf', 'image/*'],
    maxBytes: 100,
  });
  const asNarrow = { 'x-api-key': 'narrow' };
  for (const contentTypes of [
    ['text/plain'],
    ['image/svg+xml'],
    ['text/*', 'image/png'],
    ['application/*'],
  ]) {
    const refused = await create({ contentTypes }, asNarrow);
    t.equal(refused.statusCode, 403, String(contentTypes));
    t.match(refused.json(), { code: 'ContentTypeNotAllowed' });
  }
  t.match((await create({ maxBytes: 101 }, asNarrow)).json(), { code: 'TooLargeForKey' });
  const { id } = (await create({}, asNarrow)).json();
  t.match((await manage('GET', id, { apiKey: 'narrow' })).json(), {
    contentTypes: ['application/pdf', 'image/*'],
    maxBytes: 100,
  });
  t.equal((await create({ contentTypes: ['image/*', 'image/png'] }, asNarrow)).statusCode, 201);
});

t.test('P7: the daily quota counts links as they are made, and not what is signed for them', async (t) => {
  const { accessStore, create, sign } = await linkClient(t);
  await addKey(accessStore, { value: 'two', dailyQuota: 2 });
  const asTwo = { 'x-api-key': 'two' };
  const first = await create({}, asTwo);
  t.match(first.headers['ratelimit'], '"day";r=1');
  for (let time = 0; time < 3; time += 1)
    t.equal((await sign(first.json().url.split('#')[1])).statusCode, 200);
  t.equal((await create({}, { ...asTwo, 'idempotency-key': 'k' })).statusCode, 201);
  t.equal((await create({}, { ...asTwo, 'idempotency-key': 'k' })).statusCode, 201, 'a repeat takes nothing');
  const refused = await create({}, asTwo);
  t.equal(refused.statusCode, 429);
  t.match(refused.json(), { code: 'LimitExceeded' });
});

t.test('a repeat gives the same link with a new secret, while it is unused', async (t) => {
  const { create, view, manage, uploadStore, clock, metrics } = await linkClient(t);
  const again = () => create({ title: 'a' }, { 'idempotency-key': 'one' });
  const first = (await again()).json();
  await manage('PATCH', first.id, { body: { title: 'b', expiresInSeconds: 3_600 } });
  clock.now = new Date(clock.now.getTime() + 10_000);
  const second = (await again()).json();
  t.equal(second.id, first.id);
  t.not(second.url, first.url);
  t.equal(second.expiresAt, '2025-03-04T06:06:07.000Z', 'its end is the changed one');
  t.equal((await view(first.url.split('#')[1])).statusCode, 403, 'the first URL has stopped working');
  t.match((await view(second.url.split('#')[1])).json(), { state: 'open', title: 'b' });
  t.equal(metrics.filter(({ name }) => name === 'UploadsIssued').length, 1);
  t.match((await create({ title: 'c' }, { 'idempotency-key': 'one' })).json(), {
    code: 'IdempotencyKeyReused',
  });
  clock.now = new Date(second.expiresAt);
  const expired = await again();
  t.equal(expired.statusCode, 409);
  t.match(expired.json(), { code: 'LinkExpired', message: /has expired: a new link needs a new/ });
  clock.now = new Date(clock.now.getTime() - 1);
  t.equal((await again()).statusCode, 201);
  await uploadStore.claim(`uploads/${first.id}`, VERSION);
  const used = await again();
  t.equal(used.statusCode, 409);
  t.match(used.json(), { code: 'LinkUsed' });
  t.match((await manage('GET', first.id)).json(), { state: 'CLAIMED' });
});

t.test('a text of blanks only is none, and no text has blanks around it', async (t) => {
  const { create, manage } = await linkClient(t);
  const { id } = (await create({ title: ' \u00a0', from: '  ', message: '\n a\n  b \n' })).json();
  const { title, from, message } = (await manage('GET', id)).json();
  t.strictSame([title, from, message], [undefined, undefined, 'a\n  b']);
  t.match((await manage('PATCH', id, { body: { title: ' a ' } })).json(), { title: 'a' });
  t.equal((await manage('PATCH', id, { body: { title: ' ' } })).json().title, undefined);
});

t.test('a link has the name of the file that was accepted, whatever was signed', async (t) => {
  const { make, manage, sign, uploadStore, app } = await linkClient(t);
  const { id, key, token } = await make();
  for (const filename of ['first.pdf', 'second.pdf'])
    t.equal((await sign(token, { sizeBytes: 5, filename })).statusCode, 200);
  await uploadStore.claim(key, VERSION);
  t.equal((await manage('GET', id)).json().filename, undefined, 'which of them is not known yet');
  await uploadStore.accept(key, { claimedVersionId: 'v1', acceptedVersionId: 'v2', filename: 'Zähler.pdf' });
  t.match((await manage('GET', id)).json(), { filename: 'Zähler.pdf' });
  const asked = { url: `/v1/uploads/${encodeURIComponent(id)}`, headers: { 'x-api-key': KEY_VALUE } };
  t.match((await app.inject(asked)).json(), { state: 'ACCEPTED', filename: 'Zähler.pdf' });
});

t.test('no upload of an Idempotency-Key becomes a link, and no link an upload', async (t) => {
  const { create, app } = await linkClient(t);
  const headers = { 'x-api-key': KEY_VALUE, 'idempotency-key': 'one' };
  const upload = () => app.inject({ method: 'POST', url: '/v1/uploads', headers, payload: {} });
  t.equal((await upload()).statusCode, 201);
  t.equal((await create({}, headers)).statusCode, 422);
  t.equal((await create({}, { ...headers, 'idempotency-key': 'two' })).statusCode, 201);
  headers['idempotency-key'] = 'two';
  t.equal((await upload()).statusCode, 422);
});

t.test('cut short between upload and link, a repeat makes the link of that upload', async (t) => {
  const { create, view, faults, accessStore, app } = await linkClient(t);
  await addKey(accessStore, { value: 'one', dailyQuota: 1 });
  const again = () => create({}, { 'x-api-key': 'one', 'idempotency-key': 'one' });
  // First the upload is written and not the index, then the index and not the link.
  for (const unwritten of ['the index', 'the link']) {
    faults.stallNext('before', 'putIfAbsent').release();
    faults.failNext('before', 'putIfAbsent', new Error(unwritten));
    t.equal((await again()).statusCode, 503, unwritten);
  }
  const made = await again();
  t.equal(made.statusCode, 201);
  t.match((await view(made.json().url.split('#')[1])).json(), { state: 'open' });
  const listed = await app.inject({ url: '/v1/links', headers: { 'x-api-key': 'one' } });
  t.match(listed.json(), { links: { length: 1 } });
});

t.test('a link is listed, shown and changed by the key that made it, and by no other', async (t) => {
  const { accessStore, make, manage, app } = await linkClient(t);
  await addKey(accessStore, { value: 'other' });
  const { id } = await make({ title: 'mine' });
  const upload = await app.inject({
    method: 'POST',
    url: '/v1/uploads',
    headers: { 'x-api-key': KEY_VALUE },
    payload: {},
  });
  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    const body = method === 'PATCH' ? { body: { title: 'theirs' } } : {};
    for (const response of [
      await manage(method, id, { apiKey: 'other', ...body }),
      await manage(method, 'none', body),
      await manage(method, 'x'.repeat(1_020), body),
      await manage(method, upload.json().id, body),
    ]) {
      t.equal(response.statusCode, 404, method);
      t.strictSame(response.json(), NOT_FOUND);
    }
  }
  const listOf = async (apiKey: string) =>
    (await app.inject({ url: '/v1/links', headers: { 'x-api-key': apiKey } })).json();
  t.strictSame(await listOf('other'), { links: [] });
  t.match(await listOf(KEY_VALUE), { links: [{ id, title: 'mine' }], next: undefined });
  const uploadView = { url: `/v1/uploads/${id}`, headers: { 'x-api-key': KEY_VALUE } };
  t.match((await app.inject(uploadView)).json(), { id, state: 'ISSUED' }, 'it is an upload as well');
});

t.test('links are listed page by page, the newest first', async (t) => {
  const { make, clock, app } = await linkClient(t);
  const ids: string[] = [];
  for (let at = 0; at < 5; at += 1) {
    clock.now = new Date(clock.now.getTime() + 1_000);
    ids.unshift((await make()).id);
  }
  const list = async (query: string) =>
    await app.inject({ url: `/v1/links${query}`, headers: { 'x-api-key': KEY_VALUE } });
  const listed: string[] = [];
  let query = '?limit=2';
  for (;;) {
    const { links, next } = (await list(query)).json();
    listed.push(...links.map((link: { id: string }) => link.id));
    if (next === undefined) break;
    query = `?limit=2&after=${next}`;
  }
  t.strictSame(listed, ids);
  t.match((await list('')).json(), { links: { length: 5 } });
  t.notMatch((await list('')).body, HASH);
  for (const wrong of ['?limit=0', '?limit=51', '?limit=x', '?after=', '?page=2', '?limit=1&limit=2'])
    t.equal((await list(wrong)).statusCode, 400, wrong);
});

t.test('texts and end of a link can be changed', async (t) => {
  const { make, manage, view, clock, linkStore, faults } = await linkClient(t);
  const { id, key, token } = await make({ title: 'a', message: 'b', from: 'c' });
  clock.now = new Date(clock.now.getTime() + 60_000);
  const before = faults.calls.length;
  const changed = await manage('PATCH', id, { body: { title: 'A', message: '', expiresInSeconds: 10 } });
  t.equal(changed.statusCode, 200);
  t.match(changed.json(), { title: 'A', from: 'c', expiresAt: '2025-03-04T05:07:17.000Z' });
  t.notOk('message' in changed.json());
  const renewed = faults.calls.slice(before).filter(({ operation }) => operation === 'update');
  t.equal(
    renewed.filter(({ key }) => key.startsWith('links#')).length,
    1,
    'the link stays listed until its new end',
  );
  t.strictSame((await manage('GET', id)).json(), changed.json());
  t.match((await view(token)).json(), { state: 'open', title: 'A', expiresAt: '2025-03-04T05:07:17.000Z' });
  clock.now = new Date(clock.now.getTime() + 20_000);
  t.match((await view(token)).json(), { state: 'expired' });
  t.match((await manage('PATCH', id, { body: { expiresInSeconds: 100 } })).json(), { state: 'ISSUED' });
  t.match((await view(token)).json(), { state: 'open' }, 'its end came too early: it works again');
  t.equal((await manage('PATCH', id, { body: {} })).statusCode, 200);
  for (const body of [
    { from: 'x' },
    { expiresInSeconds: 0 },
    { expiresInSeconds: 21 * 86_400 },
    { title: 'a\u2028b' },
    { title: 7 },
  ]) {
    t.equal((await manage('PATCH', id, { body })).statusCode, 400, Object.keys(body).join());
  }
  t.match(await linkStore.get(key), { link: { title: 'A' } });
});

t.test('a link lives no longer than any other, however often its end is changed', async (t) => {
  const { make, manage, clock } = await linkClient(t);
  const { id } = await make();
  clock.now = new Date(clock.now.getTime() + 60_000);
  const change = (expiresInSeconds: number) => manage('PATCH', id, { body: { expiresInSeconds } });
  t.equal((await change(20 * 86_400 - 60)).statusCode, 200);
  const refused = await change(20 * 86_400 - 59);
  t.equal(refused.statusCode, 400);
  t.match(refused.json().message, /2025-03-24T05:06:07\.000Z at the latest/);
});

t.test('the end of a link that was used or revoked stays as it is', async (t) => {
  const { make, manage, uploadStore, faults } = await linkClient(t);
  const [used, revoked, raced] = [await make(), await make(), await make()];
  await uploadStore.claim(used.key, VERSION);
  await uploadStore.revoke(revoked.key);
  const body = { expiresInSeconds: 10, title: 'later' };
  t.match((await manage('PATCH', used.id, { body })).json(), { code: 'LinkUsed' });
  t.match((await manage('PATCH', revoked.id, { body })).json(), REVOKED);
  t.match((await manage('PATCH', used.id, { body: { title: 'later' } })).json(), { title: 'later' });

  const stall = faults.stallNext('before', 'update');
  const late = manage('PATCH', raced.id, { body });
  await stall.reached;
  t.equal((await manage('PATCH', raced.id, { body: { expiresInSeconds: 20 } })).statusCode, 200);
  stall.release();
  const refused = await late;
  t.equal(refused.statusCode, 409);
  t.match(refused.json(), { code: 'LinkChanged' });
});

t.test('P5: a revoked link', async (t) => {
  const { make, manage, view, sign, uploadStore } = await linkClient(t);
  const { id, key, token } = await make();
  t.equal((await manage('DELETE', id)).statusCode, 204);
  t.equal((await manage('DELETE', id)).statusCode, 204, 'again is no error');
  t.match(await uploadStore.claim(key, VERSION), { applied: false });
  t.match((await view(token)).json(), { state: 'revoked' });
  t.match((await sign(token)).json(), { code: 'LinkRevoked' });
  t.match((await manage('GET', id)).json(), { state: 'REVOKED', revokedAt: '2025-03-04T05:06:07.890Z' });
  const used = await make();
  await uploadStore.claim(used.key, VERSION);
  const refused = await manage('DELETE', used.id);
  t.equal(refused.statusCode, 409);
  t.match(refused.json(), { code: 'AlreadyClaimed' });
});
