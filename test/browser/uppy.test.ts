import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { eventually } from '../support/eventually.ts';
import { BACKEND_ORIGINS, callsOf, startExampleBackend } from './support/example-backend.ts';
import { startStage } from './support/stage.ts';

// examples/uppy and examples/fastify-backend, as they are: however often Uppy sends a file, one upload counts.

const MIB = 2 ** 20;
const HOUR_MS = 3_600_000;
const { newPage, file, stack, s3 } = await startStage({
  localAws: { LOCAL_AWS_CORS_ORIGINS: BACKEND_ORIGINS },
});
const backend = await startExampleBackend(stack, t.testdir());
const video = await file('video.mp4', 24 * MIB);

async function openPage(t: Test) {
  const page = await newPage(t);
  const calls = callsOf(page, s3.url);
  await page.goto(`${backend.url}/uppy/`);
  return { page, calls };
}

async function send(page: Page, ...paths: string[]): Promise<void> {
  await page.locator('.uppy-Dashboard-input').first().setInputFiles(paths);
  await button(page, /^Upload \d+ files?$/).click();
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const line = (page: Page, words: string | RegExp) =>
  page.getByRole('listitem').filter({ hasText: words }).waitFor();
/** Uppy has given a file up. */
const failed = (page: Page) => page.getByText('Upload failed').first().waitFor();
const retry = (page: Page) => page.locator('.uppy-StatusBar-actionBtn--retry').click();

t.test('each of several files has a form of its own, and is processed', async (t) => {
  const { page, calls } = await openPage(t);
  await send(page, await file('a.txt', 10), await file('b.pdf', 20), await file('c', 30));
  for (const name of ['a.txt', 'b.pdf', 'c']) await line(page, `${name}: PROCESSED`);
  t.equal(new Set(calls.ids).size, 3);
  t.equal(calls.sent, 3);
  const statuses = await Promise.all(calls.ids.map(backend.statusOf));
  t.strictSame(statuses.map(({ sizeBytes, filename }) => [filename, sizeBytes]).sort(), [
    ['a.txt', 10],
    ['b.pdf', 20],
    ['c', 30],
  ]);
});

t.test('progress is shown', async (t) => {
  const { page } = await openPage(t);
  const holding = s3.holdNext(4 * MIB);
  await send(page, video);
  const held = await holding;
  const percent = async () =>
    Number(await page.getByRole('progressbar').first().getAttribute('aria-valuenow'));
  const shown = await eventually(percent, (value) => value > 0);
  t.ok(shown < 100, `${shown} %`);
  held.release();
  await line(page, 'video.mp4: PROCESSED');
});

t.test('a file that Uppy sends again by itself is a duplicate, and counts once', async (t) => {
  const { page, calls } = await openPage(t);
  s3.loseNextResponse({ untilMend: true });
  page.once('requestfailed', () => s3.mend());
  await send(page, await file('again.txt', 10));
  await line(page, 'again.txt: PROCESSED');
  t.ok(calls.sent > 1);
  t.equal(calls.ids.length, 1);
  const [id = ''] = calls.ids;
  const { duplicates } = await eventually(
    () => backend.statusOf(id),
    (status) => status.duplicates > 0,
  );
  t.equal(duplicates, 1);
});

t.test('a file that failed is tried again with its form', async (t) => {
  const { page, calls } = await openPage(t);
  const holding = s3.holdNext(4 * MIB);
  await send(page, video);
  (await holding).cut();
  await failed(page);
  t.equal(calls.sent, 4, 'Uppy tries four times');
  s3.mend();
  await retry(page);
  await line(page, 'video.mp4: PROCESSED');
  t.equal(calls.ids.length, 1);
  t.match(await backend.statusOf(calls.ids[0] ?? ''), { duplicates: 0 });
});

t.test('a file that was cancelled is not received, and can be chosen anew', async (t) => {
  const { page, calls } = await openPage(t);
  const holding = s3.holdNext(4 * MIB);
  await send(page, video);
  const held = await holding;
  await page.locator('.uppy-StatusBar').getByRole('button', { name: 'Cancel' }).click();
  await button(page, /browse files/).waitFor();
  held.release();
  await send(page, video);
  await line(page, 'video.mp4: PROCESSED');
  t.equal(calls.sent, 2);
  const [first = '', second = ''] = calls.ids;
  t.equal((await backend.statusOf(first)).state, 'ISSUED');
  t.match(await backend.statusOf(second), { state: 'PROCESSED', duplicates: 0 });
});

t.test('a form that has expired is revoked, and the file is sent with another one', async (t) => {
  const { page, calls } = await openPage(t);
  const holding = s3.holdNext(4 * MIB);
  await send(page, video);
  (await holding).cut();
  await failed(page);
  s3.mend();
  await page.clock.setFixedTime(Date.now() + HOUR_MS);
  await retry(page);
  await line(page, 'video.mp4: PROCESSED');
  const [first = '', second = ''] = calls.ids;
  t.strictSame(calls.revoked, [first]);
  t.equal((await backend.statusOf(first)).state, 'REVOKED');
  t.match(await backend.statusOf(second), { state: 'PROCESSED', duplicates: 0 });
});

t.test('a file that was received with a form that has expired is not sent with another one', async (t) => {
  const { page, calls } = await openPage(t);
  s3.loseNextResponse({ untilMend: true });
  await send(page, await file('received.txt', 10));
  await failed(page);
  s3.mend();
  await backend.processed(calls.ids[0] ?? '');
  const sent = calls.sent;
  await page.clock.setFixedTime(Date.now() + HOUR_MS);
  const refused = page.waitForResponse((response) => response.status() === 409);
  await retry(page);
  await refused;
  await failed(page);
  t.equal(calls.sent, sent);
  t.equal(calls.ids.length, 1);
});

t.test('what the issuer refuses is an error of the file', async (t) => {
  const { page, calls } = await openPage(t);
  await send(page, await file('hidden\u202efdp.txt', 5));
  await failed(page);
  t.equal(calls.sent, 0);
});
