import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { eventually } from '../support/eventually.ts';
import { BACKEND_ORIGINS, callsOf, EXAMPLES, startExampleBackend } from './support/example-backend.ts';
import { startStage } from './support/stage.ts';

// examples/plain-page and examples/fastify-backend, as they are.

const MIB = 2 ** 20;
const { newPage, file, stack, s3 } = await startStage({
  localAws: { LOCAL_AWS_CORS_ORIGINS: BACKEND_ORIGINS },
});
const backend = await startExampleBackend(stack, t.testdir());
const video = await file('video.mp4', 24 * MIB);

async function openPage(t: Test) {
  const page = await newPage(t);
  const calls = callsOf(page, s3.url);
  await page.goto(`${backend.url}/plain-page/`);
  return { page, calls };
}

async function send(page: Page, path: string): Promise<void> {
  await page.getByLabel('File').setInputFiles(path);
  await page.getByRole('button', { name: 'Send' }).click();
}

const status = (page: Page, words: string | RegExp) =>
  page.getByRole('status').filter({ hasText: words }).waitFor();

t.test('a file is sent with progress, and is processed', async (t) => {
  const { page, calls } = await openPage(t);
  const holding = s3.holdNext(4 * MIB);
  await send(page, video);
  const held = await holding;
  await status(page, 'Sending …');
  const bar = page.getByRole('progressbar', { name: 'Sent' });
  await eventually(
    async () => Number(await bar.getAttribute('value')),
    (sent) => sent > 0,
  );
  t.ok(Number(await bar.getAttribute('value')) < 1);
  held.release();
  await status(page, /^PROCESSED$/);
  t.equal(Number(await bar.getAttribute('value')), 1);
  t.equal(calls.sent, 1);
  const { filename, sizeBytes, contentType } = await backend.statusOf(calls.ids[0] ?? '');
  t.strictSame([filename, sizeBytes, contentType], ['video.mp4', 24 * MIB, 'video/mp4']);
});

t.test('a second use of a form is a duplicate, and is shown as such', async (t) => {
  const { page, calls } = await openPage(t);
  const asked = page.waitForResponse('**/uploads');
  await send(page, await file('first.txt', 10));
  await status(page, /^PROCESSED$/);
  const { url, fields } = await (await asked).json();
  const again = new FormData();
  for (const [name, value] of Object.entries<string>(fields)) again.set(name, value);
  again.set('file', new Blob(['0123456789']));
  t.equal((await fetch(url, { method: 'POST', body: again })).status, 204);
  const [id = ''] = calls.ids;
  await eventually(
    () => backend.statusOf(id),
    ({ duplicates }) => duplicates === 1,
  );
  await page.reload();
  await status(page, 'PROCESSED, duplicates: 1');
  t.equal(calls.ids.length, 1, 'a reload asks for no form');
});

t.test('after a connection that broke, the file is sent again with another form', async (t) => {
  const { page, calls } = await openPage(t);
  const holding = s3.holdNext(4 * MIB);
  await send(page, video);
  (await holding).cut();
  await status(page, 'Nothing was received. Send the file again.');
  t.equal(calls.sent, 1, 'nothing is sent again by itself');
  s3.mend();
  await page.getByRole('button', { name: 'Send' }).click();
  await status(page, /^PROCESSED$/);
  const [first = '', second = ''] = calls.ids;
  t.equal((await backend.statusOf(first)).state, 'REVOKED');
  t.match(await backend.statusOf(second), { state: 'PROCESSED', duplicates: 0 });
});

t.test('a file whose confirmation was lost is found, and not sent again', async (t) => {
  const { page, calls } = await openPage(t);
  s3.loseNextResponse({ untilMend: true });
  await send(page, await file('lost.txt', 10));
  await status(page, /^PROCESSED$/);
  s3.mend();
  t.equal(calls.sent, 1);
  t.strictSame(calls.revoked, []);
});

t.test('a file that was cancelled is not received', async (t) => {
  const { page, calls } = await openPage(t);
  const holding = s3.holdNext(4 * MIB);
  await send(page, video);
  const held = await holding;
  await page.getByRole('button', { name: 'Cancel' }).click();
  await status(page, 'Nothing was received. Send the file again.');
  held.release();
  t.strictSame(calls.revoked, calls.ids);
});

t.test('what the issuer refuses is said, and nothing is sent', async (t) => {
  const { page, calls } = await openPage(t);
  await send(page, await file('hidden\u202efdp.txt', 5));
  await status(page, /^Not sent: .*filename/);
  t.equal(calls.sent, 0);
});

t.test('the backend is about 20 lines, and keeps the API key to itself', async (t) => {
  const source = await readFile(join(EXAMPLES, 'fastify-backend/server.mjs'), 'utf8');
  t.ok(source.split('\n').filter((line) => /^\s*[^\s/]/.test(line)).length <= 30);
  for (const path of [
    'plain-page/',
    'plain-page/page.mjs',
    'plain-page/client.js',
    'uppy/',
    'uppy/dist/page.js',
  ]) {
    const response = await fetch(`${backend.url}/${path}`);
    t.equal(response.status, 200, path);
    t.notMatch(await response.text(), stack.apiKey);
  }
  for (const path of ['fastify-backend/server.mjs', 'package.json', 'plain-page/../package.json'])
    t.equal((await fetch(`${backend.url}/${path}`)).status, 404, path);
});
