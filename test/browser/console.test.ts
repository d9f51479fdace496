import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createUpload, uploadFile } from '@upload-once/client';
import { createDynamoDbUploadStore } from '@upload-once/uploads';
import { newUpload } from '@upload-once/uploads/testing';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startBrowser } from './support/browser.ts';
import { startConsole, startDev } from './support/dev-console.ts';
import { looks, text } from './support/link-page.ts';

// The console that `make dev` starts, from its first upload to its repairs.

const VIEWPORT = { width: 1_100, height: 700 };
const HOSTILE = '<img src=x onerror="document.title=1">';

const newPage = await startBrowser();
const dev = await startDev(t, {
  PROCESSOR_HANDLER: fileURLToPath(new URL('fixtures/failing-handler.mjs', import.meta.url)),
  LOCAL_AWS_MAX_RECEIVE_COUNT: '1',
});
const access = { issuerUrl: dev.env['UPLOAD_ONCE_URL'] ?? '', apiKey: dev.env['UPLOAD_ONCE_API_KEY'] ?? '' };
const fileOf = (content: string) => ({ blob: new Blob([content]), name: 'file.txt' });
const [origin = '', token = ''] = dev.consoleUrl.split('/#token=');

/** Waits for a view, by its heading. */
const view = (page: Page, name: string) =>
  page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const row = (page: Page, id: string | RegExp) => page.locator('.uploads > li').filter({ hasText: id });

t.test('uploads by the buttons are seen as they happen', async (t) => {
  const page = await newPage(t, { viewport: VIEWPORT });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(dev.consoleUrl);
  await view(page, 'Uploads');

  await press(page, 'Upload once');
  const first = row(page, /^trial-once-/);
  await first.locator('.track li.done', { hasText: 'processed' }).waitFor();
  t.match(
    await first.locator('.track').textContent(),
    /^issued\d\d:\d\d:\d\duploaded\+ .+saccepted\+ .+sprocessed\+ .+s$/,
  );

  await press(page, 'Upload twice');
  await row(page, /^trial-twice-/)
    .getByText(/^duplicate: another file came with the same form, /)
    .waitFor();
  await row(page, /^trial-twice-/)
    .locator('.track li.done', { hasText: 'processed' })
    .waitFor();
  await press(page, 'Upload, tampered with');
  await row(page, /^trial-tampered-/)
    .getByText('S3 refused it: 403 AccessDenied (Policy Condition failed)')
    .waitFor();
  await press(page, 'Upload too late');
  await row(page, /^trial-late-/)
    .getByText('S3 refused it: 403 AccessDenied (Policy expired.)')
    .waitFor();
  t.equal(
    await row(page, /^trial-late-/)
      .locator('.track li.done')
      .count(),
    1,
    'it was issued, and no more',
  );

  const refused = await fetch(`${access.issuerUrl}/getpresignedurl`, { headers: { 'x-api-key': 'wrong' } });
  t.equal(refused.status, 403);
  await page.getByRole('region', { name: 'Refused requests' }).getByText('Forbidden').first().waitFor();
  await text(page, /^From the stored file to the end of its processing, for 2 uploads: half took at most /);
  await text(page, /^\d+ forms issued \(light\), 2 uploads processed \(dark\)\. 1 duplicate, 0 failures, /);
  await looks(t, page, 'console-uploads');

  t.notOk(page.url().includes(token), 'the token has gone from the address');
  t.notOk(
    asked.slice(1).some((url) => url.includes(token)),
    'and is in no other',
  );
  t.ok(
    asked.every((url) => url.startsWith(`${origin}/`)),
    'nothing comes from another site',
  );
  for (const name of await readdir(join(dev.folder, 'logs'))) {
    const log = await readFile(join(dev.folder, 'logs', name), 'utf8');
    t.notOk(log.includes(token), `no token in ${name}`);
  }
  await page.reload();
  await row(page, /^trial-once-/)
    .getByRole('link')
    .click();
  // Spans come some seconds after their ends.
  const trace = page.getByRole('list', { name: /^Its trace, / });
  for (;;) {
    await page.getByRole('heading', { name: 'Its trace' }).waitFor();
    const names = await trace.locator('.span').allTextContents();
    if (['issue url-issuer', 'accept acceptor', 'process processor'].every((name) => names.includes(name)))
      break;
    await press(page, 'Show');
  }
});

t.test('paused, the list stays as it is', async (t) => {
  const page = await newPage(t, { viewport: VIEWPORT });
  await page.goto(dev.consoleUrl);
  await view(page, 'Uploads');
  await press(page, 'Pause');
  const { id } = await createUpload({ ...access, name: 'while-paused' });
  await page.getByRole('button', { name: 'Upload once' }).click();
  await page.getByText('Upload once: ').waitFor();
  t.equal(await row(page, id).count(), 0);
  await press(page, 'Go on');
  await row(page, id).waitFor();
});

t.test('one upload, with everything that was sent under its key, and its trace', async (t) => {
  const { id, form } = await createUpload({ ...access, name: 'contract', metadata: { customer: '4711' } });
  await uploadFile({ form, file: fileOf('first') });
  const receiver = await startReceiver(t);
  const url = await startConsole(t, dev.folder, { ...dev.env, UPLOAD_ONCE_TRACES_URL: receiver });
  const page = await newPage(t, { viewport: VIEWPORT });
  await page.goto(url);
  await view(page, 'Uploads');
  await row(page, id).locator('.track li.done', { hasText: 'processed' }).waitFor();
  // Before, the acceptor may not be able to compare the bytes.
  for (const content of ['second', 'first']) await uploadFile({ form, file: fileOf(content) });
  await row(page, id)
    .getByText(/^identical duplicate: /)
    .waitFor();
  await row(page, id).getByRole('link').click();
  await view(page, 'Upload by id');
  await page.getByRole('strong').getByText('PROCESSED').waitFor();
  await text(page, '4711');
  const versions = page.getByRole('region', { name: 'Other versions under its key' });
  t.strictSame((await versions.locator('td:first-child').allTextContents()).sort(), [
    'duplicate',
    'duplicate, the same bytes',
  ]);
  for (const name of ['issue', 'upload', 'event', 'copy', 'process'])
    await page
      .getByRole('list', { name: /^Its moments, / })
      .getByText(name, { exact: false })
      .first()
      .waitFor();
  const trace = page.getByRole('list', { name: /^Its trace, / });
  t.strictSame(await trace.locator('.span').allTextContents(), [
    'issue url-issuer',
    'upload url-issuer',
    'accept acceptor',
    'copy acceptor',
    'process processor',
    'handler processor',
  ]);
  await trace.getByText('copy acceptor').click();
  await trace.locator('pre:visible').getByText('aws.s3.bucket = upload-once').waitFor();
  await looks(t, page, 'console-upload');

  await page.getByLabel('Upload id').fill('uploads/never-issued');
  await page.getByLabel('Upload id').press('Enter');
  await text(page, 'there is no upload with this id, and nothing was sent under its key');
  await page.getByRole('link', { name: 'Upload by id' }).click();
  await press(page, 'Read the first page of the table');
  await page.getByRole('region', { name: 'Uploads of this page' }).getByText(id).first().waitFor();
});

t.test('dead letters: seen first, then moved back', async (t) => {
  const { id, form } = await createUpload({ ...access, name: 'broken', metadata: { fail: 'yes' } });
  await uploadFile({ form, file: fileOf('content') });
  const page = await newPage(t, { viewport: VIEWPORT });
  await page.goto(dev.consoleUrl);
  await row(page, id).locator('.track li.bad', { hasText: 'failed' }).waitFor();
  await page.locator('nav').getByRole('link', { name: 'Queues' }).click();
  await view(page, 'Queues');
  const accepted = page.getByRole('region', { name: 'Accepted events, which the processor reads' });
  await accepted.locator('.numbers .bad').getByText('1').waitFor();
  const look = accepted.getByRole('button', { name: 'Look at the dead letters' });
  await look.click();
  await accepted.getByText('A redrive moves 1. Correct the cause').waitFor();
  t.match(await accepted.locator('tbody').textContent(), new RegExp(`^accepted${id}FAILED\\d+ ×`));
  await looks(t, page, 'console-queues');
  await accepted.getByRole('button', { name: 'Move them back' }).click();
  // Its handler fails again, maybe before the redrive has ended.
  await accepted.getByText(/^1 moved/).waitFor();
});

t.test('an audit, then a repair of what it names', async (t) => {
  const key = `uploads/lost-${randomUUID()}`;
  const store = createDynamoDbUploadStore({
    client: new DynamoDBClient({
      region: dev.env['AWS_REGION'] ?? '',
      endpoint: dev.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
      credentials: {
        accessKeyId: dev.env['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: dev.env['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
    }),
    tableName: dev.env['UPLOADS_TABLE'] ?? '',
    recordRetentionSeconds: 30 * 86_400,
    now: () => new Date(),
    newToken: randomUUID,
  });
  await store.issue(newUpload(key));
  await store.claim(key, { versionId: 'gone', eTag: 'e', sizeBytes: 1, storedAt: new Date() });
  const page = await newPage(t, { viewport: VIEWPORT });
  await page.goto(`${dev.consoleUrl}`);
  await view(page, 'Uploads');
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByLabel('Least age in minutes').fill('0');
  await press(page, 'Run the audit');
  const lost = page.getByRole('row').filter({ hasText: key.replace('uploads/', '') });
  await lost.getByText('its version was claimed, and not accepted').waitFor();
  await press(page, 'Send the missing events again');
  await lost.getByText('its event was sent now').waitFor();
  await text(page, /^The repair went through \d+ uploads?$/);
  await looks(t, page, 'console-audit');
});

t.test('read-only, nothing can be changed, and nothing offers it', async (t) => {
  const url = await startConsole(t, dev.folder, dev.env);
  const page = await newPage(t, { viewport: VIEWPORT });
  await page.goto(url);
  await view(page, 'Uploads');
  await text(page, 'Read-only');
  t.equal(await page.getByRole('button', { name: /^Upload/ }).count(), 0);
  await page.getByRole('link', { name: 'Audit' }).click();
  const minutes = page.getByLabel('Least age in minutes');
  await minutes.fill('');
  await press(page, 'Run the audit');
  await page.locator('#older-than:focus').waitFor();
  await minutes.fill('0');
  await press(page, 'Run the audit');
  await text(page, /What is younger than 0 minutes is left out\.$/);
  await text(page, /^The audit found /);
  t.equal(await page.getByRole('button', { name: 'Send the missing events again' }).count(), 0);
});

t.test('a line that a handler forged is text', async (t) => {
  const page = await newPage(t, { viewport: VIEWPORT });
  await page.goto(dev.consoleUrl);
  await view(page, 'Uploads');
  const line = {
    time: new Date(),
    service: 'processor',
    outcome: 'accepted',
    uploadId: HOSTILE,
    sizeBytes: 7,
  };
  await appendFile(join(dev.folder, 'logs/processor.log'), `${JSON.stringify(line)}\n`);
  await row(page, HOSTILE).waitFor();
  t.equal(await page.locator('img').count(), 0);
});

t.test('by keyboard alone, with the focus where the page goes on', async (t) => {
  const page = await newPage(t, { viewport: VIEWPORT });
  await page.goto(dev.consoleUrl);
  await view(page, 'Uploads');
  for (const [keys, name] of [
    [['Tab', 'Tab'], 'Queues'],
    [['Shift+Tab'], 'Audit'],
    [['Shift+Tab', 'Shift+Tab'], 'Upload by id'],
  ] as const) {
    for (const key of keys) await page.keyboard.press(key);
    await page.keyboard.press('Enter');
    await page.locator('h2:focus', { hasText: name }).waitFor();
    t.equal(await page.locator('nav a[aria-current=page]').textContent(), name);
    t.equal(await page.title(), `${name}, upload-once console`);
  }
  await page.keyboard.press('Tab');
  await page.keyboard.type('none');
  await page.keyboard.press('Enter');
  await text(page, 'there is no upload with this id, and nothing was sent under its key');
});

t.test('without the token there is nothing to see', async (t) => {
  for (const url of [`${origin}/`, `${origin}/#token=wrong-token-of-some-length`]) {
    const page = await newPage(t);
    await page.goto(url);
    await text(page, /Open the address that/);
    t.equal(await page.locator('.uploads').count(), 0);
    await looks(t, page, 'console-no-access', { isPictured: false });
  }
});

/** A receiver of traces that has one of each upload. */
async function startReceiver(t: { teardown(end: () => unknown): void }): Promise<string> {
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const server = createServer((_request, response) => {
    const began = BigInt(Date.now()) * 1_000_000n;
    const span = (spanId: string, name: string, fromMs: number, toMs: number, parentSpanId?: string) => ({
      spanId,
      ...(parentSpanId && { parentSpanId }),
      name,
      startTimeUnixNano: String(began + BigInt(fromMs) * 1_000_000n),
      endTimeUnixNano: String(began + BigInt(toMs) * 1_000_000n),
      attributes: [text('aws.s3.bucket', 'upload-once')],
    });
    const of = (service: string, ...spans: object[]) => ({
      resource: { attributes: [text('service.name', service)] },
      scopeSpans: [{ spans }],
    });
    response.end(
      JSON.stringify({
        resourceSpans: [
          of('processor', span('5', 'process', 130, 240, '1'), span('6', 'handler', 150, 230, '5')),
          of('acceptor', span('3', 'accept', 60, 120, '1'), span('4', 'copy', 80, 110, '3')),
          of('url-issuer', span('1', 'issue', 0, 8), span('2', 'upload', 8, 55, '1')),
        ],
      }),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
