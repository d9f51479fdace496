import t from 'tap';
import { choose, looks, send, text, title } from './support/link-page.ts';
import { type MadeLink, startStage } from './support/stage.ts';

// The page of an upload link in a real browser, as its person goes through it.

const { makeLink, newPage, file, stateOf, expire, revoke, keys, stack, s3 } = await startStage();

/** A key of a test's own, by its id and its value. */
async function newKey(): Promise<string[]> {
  const value = (await keys('create', '--name', 'of a test', '--rate', '50', '--burst', '50')).trim();
  return [value.split('_')[1] ?? '', value];
}

t.test('a file is sent, and is received when the issuer confirms its version', async (t) => {
  const link = await makeLink({
    title: 'Your invoice of March',
    message: 'Please send the invoice as a PDF.\nThank you!',
    from: 'Müller & Söhne',
    contentTypes: ['application/pdf', 'image/*'],
    maxBytes: 20_000_000,
  });
  const page = await newPage(t);
  await page.goto(link.url);
  await title(page, 'Your invoice of March');
  await text(page, 'Müller & Söhne asks you for a file');
  await text(page, 'PDF or images');
  await text(page, 'up to 20 MB');
  await looks(t, page, 'open');

  const invoice = await file('invoice.pdf', 2_340_000);
  await choose(page, invoice);
  await text(page, 'Chosen: invoice.pdf, 2.34 MB');
  t.equal(await stateOf(link), 'ISSUED', 'a file that is chosen goes nowhere');
  await looks(t, page, 'chosen');
  await send(page, invoice);
  await title(page, 'Received');
  await text(page, 'invoice.pdf');
  await looks(t, page, 'received');
  t.not(await stateOf(link), 'ISSUED');

  await page.reload();
  await title(page, 'A file was received');
  await looks(t, page, 'used');
});

t.test('what is sent with the file is its size, its type and its name', async (t) => {
  const cases: [name: string, contentTypes: string[] | undefined, terms: object][] = [
    ['Rechnung März.pdf', undefined, { contentType: 'application/pdf', filename: 'Rechnung März.pdf' }],
    ['no ending', undefined, { filename: 'no ending' }],
    ['picture.heic', ['image/heic'], { contentType: 'image/heic', filename: 'picture.heic' }],
    ['hidden\u202efdp.txt', undefined, { contentType: 'text/plain' }],
  ];
  for (const [name, contentTypes, terms] of cases) {
    const link = await makeLink(contentTypes ? { contentTypes } : {});
    const page = await newPage(t);
    await page.goto(link.url);
    const signed = page.waitForRequest('**/u/sign');
    await send(page, await file(name, 5));
    t.strictSame((await signed).postDataJSON(), { sizeBytes: 5, ...terms });
    await title(page, 'Received');
  }
});

t.test('what the link does not take is refused before anything is sent', async (t) => {
  const link = await makeLink({
    contentTypes: ['application/pdf', 'image/*'],
    minBytes: 10,
    maxBytes: 5_000,
  });
  const page = await newPage(t);
  await page.goto(link.url);
  await title(page, 'Send a file');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const input = page.locator('input[type=file]');
  const wrong: [path: string, words: string][] = [
    [await file('large.pdf', 5_100), '“large.pdf” is too large: 5.1 kB. Allowed: 5 kB at most.'],
    [
      await file('larger.pdf', 5_001),
      '“larger.pdf” is too large: 5,001 bytes. Allowed: 5,000 bytes at most.',
    ],
    [await file('small.pdf', 9), '“small.pdf” is too small: 9 bytes. Allowed: 10 bytes at least.'],
    [await file('notes.txt', 50), '“notes.txt” is of another type. Allowed: PDF or images.'],
    [await file('drawing.svg', 50), '“drawing.svg” is of another type. Allowed: PDF or images.'],
  ];
  for (const [path, words] of wrong) {
    await choose(page, path);
    const error = page.getByRole('alert').filter({ hasText: words });
    await error.waitFor();
    t.equal(await input.getAttribute('aria-invalid'), 'true', words);
    t.match(await input.getAttribute('aria-describedby'), String(await error.getAttribute('id')));
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('input[type=file]:focus').waitFor();
  }
  await choose(page, wrong[0]?.[0] ?? '');
  await looks(t, page, 'too-large');
  await choose(page, []);
  await page.getByRole('button', { name: 'Send' }).click();
  await text(page, 'Choose a file first.');
  t.strictSame(asked, []);
  await choose(page, await file('right.pdf', 10));
  t.equal(await input.getAttribute('aria-invalid'), 'false');
  t.equal(await page.getByRole('alert').filter({ hasText: /./ }).count(), 0);
});

t.test('a file can be dropped, one at a time', async (t) => {
  const link = await makeLink({ contentTypes: ['text/plain'] });
  const page = await newPage(t);
  await page.goto(link.url);
  const drop = async (...names: string[]) => {
    const dataTransfer = await page.evaluateHandle(`(() => {
      const dropped = new DataTransfer();
      for (const name of ${JSON.stringify(names)}) dropped.items.add(new File(['text'], name, { type: 'text/plain' }));
      return dropped;
    })()`);
    await page.locator('.zone').dispatchEvent('drop', { dataTransfer });
  };
  await drop('one.txt', 'two.txt');
  await text(page, 'This link takes one file. Put several into one archive.');
  await drop('one.txt');
  await text(page, 'Chosen: one.txt, 4 bytes');
  await page.getByRole('button', { name: 'Send' }).click();
  await title(page, 'Received');
});

t.test('a second person sees that the link was used, even with the page open before', async (t) => {
  const link = await makeLink();
  const [first, second] = [await newPage(t), await newPage(t)];
  for (const page of [first, second]) await page.goto(link.url);
  await send(first, await file('first.txt', 10));
  await title(first, 'Received');
  await send(second, await file('second.txt', 20));
  await title(second, 'A file was received');
  await text(second, '10 bytes');
  const third = await newPage(t);
  await third.goto(link.url);
  await title(third, 'A file was received');
});

t.test('a link that ends while its page is open', async (t) => {
  const path = await file('late.txt', 10);
  const [keyId = '', apiKey = ''] = await newKey();
  const ends: [end: (link: MadeLink) => Promise<unknown>, name: string, picture: string][] = [
    [(link) => expire(link, apiKey), 'This link has expired', 'expired'],
    [(link) => revoke(link, apiKey), 'This link was withdrawn', 'revoked'],
    [() => keys('disable', keyId), 'This link is out of service', 'stopped'],
  ];
  for (const [end, name, picture] of ends) {
    const link = await makeLink({}, apiKey);
    const page = await newPage(t);
    await page.goto(link.url);
    await title(page, 'Send a file');
    await end(link);
    await send(page, path);
    await title(page, name);
    await looks(t, page, picture);
    await page.reload();
    await title(page, name);
  }
});

t.test('a link that is not whole, or is none', async (t) => {
  const { url } = await makeLink();
  const page = await newPage(t);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  for (const part of [url.slice(0, url.indexOf('#')), url.slice(0, -1)]) {
    await page.goto('about:blank');
    await page.goto(part);
    await title(page, 'The link is not complete');
  }
  t.notOk(asked.some((each) => each.endsWith('/u/view')));
  await looks(t, page, 'incomplete');
  await page.goto(`${url.slice(0, -43)}${'A'.repeat(43)}`);
  await title(page, 'This link does not work');
  await looks(t, page, 'unknown');
  await page.goto(url);
  await title(page, 'Send a file');
});

t.test('a link whose # became %23 on its way is put right', async (t) => {
  const link = await makeLink({ name: 'Zähler 1%' });
  const page = await newPage(t);
  await page.goto(link.url.replace('#', '%23'));
  await title(page, 'Send a file');
  t.equal(page.url(), link.url);
  await page.goto('about:blank');
  await page.goto(link.url.slice(0, -1).replace('#', '%23'));
  await title(page, 'The link is not complete');
});

t.test('a type that browsers execute is refused with what is allowed, and nothing is sent', async (t) => {
  const link = await makeLink({ contentTypes: ['text/*'] });
  const page = await newPage(t);
  const sent: string[] = [];
  page.on('request', (request) => request.url().startsWith(s3.url) && sent.push(request.url()));
  await page.goto(link.url);
  await send(page, await file('page.html', 10));
  await text(page, '“page.html” is of another type. Allowed: text.');
  t.strictSame(sent, []);
  await send(page, await file('notes.txt', 10));
  await title(page, 'Received');
});

t.test('the secret goes nowhere but into the page’s own requests, and nothing is kept', async (t) => {
  const link = await makeLink();
  const page = await newPage(t);
  const secret = link.url.slice(-43);
  const requests: { url: string; headers: Record<string, string>; body: string | null }[] = [];
  page.on('request', (request) =>
    requests.push({ url: request.url(), headers: request.headers(), body: request.postData() }),
  );
  await page.goto(link.url);
  t.notOk(
    requests.some(({ url }) => url.endsWith('/u/sign')),
    'opening it signs nothing',
  );
  await send(page, await file('secret.txt', 10));
  await title(page, 'Received');
  const allowed = [stack.issuerUrl, s3.url];
  for (const { url, headers, body } of requests) {
    t.ok(allowed.includes(new URL(url).origin), url);
    const { authorization, ...others } = headers;
    const isOwn = /\/u\/(view|sign)$/.test(url);
    t.equal(authorization, isOwn ? `Bearer ${link.url.split('#')[1]}` : undefined, url);
    t.notMatch(JSON.stringify([url.split('#')[0], others, body]), secret);
  }
  t.strictSame(
    await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length, history.state]'),
    ['', 0, 0, null],
  );
});
