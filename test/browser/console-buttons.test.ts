import type { Page } from 'playwright-core';
import t from 'tap';
import { CursorGone, type LogSource, type TablePage } from '../../packages/console/src/index.ts';
import { startBrowser } from './support/browser.ts';
import { line, oneDeadLetter, startWithLog } from './support/console-log.ts';

// What becomes of a button when its work fails or changes the page.

const newPage = await startBrowser();
const focused = (page: Page) => page.evaluate('document.activeElement.textContent');

t.test('the log’s buttons keep the focus, by keyboard alone', async (t) => {
  const logs: LogSource = {
    name: 'a log',
    isFree: false,
    load: async () => ({ isCut: true, completeSince: new Date() }),
    follow: (_onLines, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
  };
  const { url } = await startWithLog(t, { sources: { logs } });
  const page = await newPage(t);
  await page.goto(url);
  await page.getByRole('button', { name: 'Show live' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Live from a log.').waitFor();
  t.equal(await focused(page), 'Stop the live view');
  await page.keyboard.press('Enter');
  await page.getByText('The log a log is not followed.').waitFor();
  t.equal(await focused(page), 'Show live');
  await page.getByRole('button', { name: 'Load the last 15 minutes' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('.log').getByText('Complete since').waitFor();
  t.equal(await focused(page), 'Load the last 15 minutes');
});

t.test('after a redrive the focus is on its result, in words', async (t) => {
  const deadLetters = {
    look: oneDeadLetter,
    redrive: async () => ({ outcomes: { moved: 1, 'came-back': 2 }, remarks: [], isStopped: false }),
  };
  const { url } = await startWithLog(t, { sources: { deadLetters }, isWritable: true });
  const page = await newPage(t);
  await page.goto(url);
  await page.locator('nav').getByRole('link', { name: 'Queues' }).click();
  const section = page.getByRole('region', { name: 'Upload events, which the acceptor reads' });
  await section.getByRole('button', { name: 'Look at the dead letters' }).click();
  await section.getByText('Of these dead letters, a redrive moves 1.').waitFor();
  await section.getByRole('button', { name: 'Move them back' }).focus();
  await page.keyboard.press('Enter');
  await section.getByText('1 moved, 2 came back at once.').waitFor();
  await page.waitForFunction(`document.activeElement.textContent.includes('came back at once')`);
});

t.test('a list of the table that failed can be begun again', async (t) => {
  let reads = 0;
  const uploads = {
    name: 'uploads',
    byId: async () => ({ upload: undefined, observedVersions: [], tallies: [], link: undefined }),
    async page(cursor: string | undefined): Promise<TablePage> {
      reads += 1;
      if (reads === 2) throw Object.assign(new Error('slow'), { name: 'ThrottlingException' });
      if (cursor !== undefined) throw new CursorGone('this list is no longer there');
      return { uploads: [], observedVersions: [], next: 'next' };
    },
  };
  const { url } = await startWithLog(t, { sources: { uploads } });
  const page = await newPage(t);
  await page.goto(url);
  await page.getByRole('link', { name: 'Upload by id' }).click();
  await page.getByRole('button', { name: 'Read the first page of the table' }).click();
  await page.getByText('This page has no upload.').waitFor();
  await page.getByRole('button', { name: 'Read the next page' }).click();
  await page.getByText('AWS has too many requests').waitFor();
  await page.getByRole('button', { name: 'Read the first page again' }).click();
  await page.getByRole('button', { name: 'Read the next page' }).waitFor();
  t.equal(await page.locator('.problem[role="alert"]:visible').count(), 0);
});

t.test('what turns text round is shown, and turns nothing', async (t) => {
  const { url, log } = await startWithLog(t);
  log(line('url-issuer', 'issued', '\u202egnp.exe-\u2066abc', Date.now(), { apiKeyId: 'key\u202e' }), {
    time: new Date(),
    service: 'url-issuer',
    outcome: 'refused',
    reason: 'x\u202ekey abc',
  });
  const page = await newPage(t);
  await page.goto(url);
  const link = page.locator('.uploads > li a');
  await link.waitFor();
  t.equal(await link.textContent(), '?gnp.exe-?abc');
  t.equal(await link.getAttribute('href'), `#upload/${encodeURIComponent('\u202egnp.exe-\u2066abc')}`);
  await page.locator('.refusals').getByText('x?key abc').waitFor();
  t.notMatch(await page.locator('main').textContent(), /[\u202a-\u202e\u2066-\u2069]/);
});
