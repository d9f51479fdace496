import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { startConsoleStage, TOKEN } from '../../packages/console/test/console-stage.ts';
import { startBrowser } from './support/browser.ts';

// The console's page by itself, in front of a log that these tests write.

const newPage = await startBrowser();

/** A console that follows a log, and what writes lines into it. */
async function startWithLog(t: Test) {
  let write: (lines: readonly string[]) => void = () => {};
  const logs = {
    name: 'a log',
    isFree: true,
    follow: (onLines: typeof write, signal: AbortSignal) => {
      write = onLines;
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  };
  const { origin } = await startConsoleStage(t, { sources: { logs } });
  return {
    url: `${origin}/#token=${TOKEN}`,
    log: (...entries: readonly object[]) => write(entries.map((entry) => JSON.stringify(entry))),
  };
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));
const issued = (uploadId: string, second: number) => ({
  time: at(second),
  service: 'url-issuer',
  outcome: 'issued',
  uploadId,
});
const accepted = (uploadId: string, second: number) => ({
  time: at(second),
  service: 'acceptor',
  outcome: 'accepted',
  uploadId,
  issuedAt: at(second - 2),
  storedAt: at(second - 1),
});
const row = (page: Page, id: string) => page.locator('.uploads > li').filter({ hasText: id });

t.test(
  'a change leaves the focus on the upload that a person has reached, and the other rows alone',
  async (t) => {
    const { url, log } = await startWithLog(t);
    log(issued('first', 1), issued('second', 2));
    const page = await newPage(t);
    await page.goto(url);
    await row(page, 'first').getByRole('link').focus();
    await page.evaluate(`document.querySelectorAll('.track').forEach((track) => track.id = 'old')`);
    log(accepted('first', 9), issued('third', 3));
    await row(page, 'third').waitFor();
    await row(page, 'first').locator('.done', { hasText: 'accepted' }).waitFor();
    t.equal(await page.evaluate('document.activeElement.textContent'), 'first');
    t.equal(await row(page, 'second').locator('#old').count(), 1, 'it did not change');
  },
);

t.test('a burst is one redraw, and not one for each upload', async (t) => {
  const { url } = await startWithLog(t);
  const page = await newPage(t);
  await page.goto(url);
  await page.getByText('No upload was logged yet.').waitFor();
  const added = await page.evaluate(`(async () => {
    const { take } = await import('/store.mjs');
    let added = 0;
    const list = document.querySelector('.uploads');
    const observer = new MutationObserver((changes) => {
      for (const { addedNodes } of changes) added += addedNodes.length;
    });
    observer.observe(list, { childList: true });
    const upload = (at) => ({ uploadId: 'upload-' + at, issuedMs: at, lastMs: at, attempts: 0, others: [], refusals: [] });
    for (let at = 0; at < 2000; at += 1) take('upload', upload(at));
    while (added === 0) await new Promise((resolve) => setTimeout(resolve));
    return added;
  })()`);
  t.equal(added, 100);
  t.equal(await page.locator('.uploads > li').first().getByRole('link').textContent(), 'upload-1999');
});

t.test('what is logged late goes where it belongs: the newest upload is the first', async (t) => {
  const { url, log } = await startWithLog(t);
  log(issued('of 12:00:05', 5));
  const page = await newPage(t);
  await page.goto(url);
  await row(page, 'of 12:00:05').waitFor();
  log(issued('of 12:00:01', 1), issued('of 12:00:09', 9));
  await row(page, 'of 12:00:01').waitFor();
  t.strictSame(await page.locator('.uploads > li a').allTextContents(), [
    'of 12:00:09',
    'of 12:00:05',
    'of 12:00:01',
  ]);
});

t.test('an upload opened in a new tab is shown there, and its address has no token', async (t) => {
  const { url, log } = await startWithLog(t);
  log(issued('uploads/compared', 1));
  const page = await newPage(t);
  await page.goto(url);
  const opened = page.context().waitForEvent('page');
  await row(page, 'compared')
    .getByRole('link')
    .click({ modifiers: ['Control'] });
  const tab = await opened;
  await tab.getByRole('heading', { level: 2, name: 'Upload by id' }).waitFor();
  t.match(tab.url(), /#upload\/uploads%2Fcompared$/);
  t.equal(await tab.getByLabel('Upload id').inputValue(), 'uploads/compared');
});

t.test(
  'a tab too many says so, its buttons have a connection, and it goes on when another closes',
  async (t) => {
    const { url } = await startWithLog(t);
    const first = await newPage(t);
    const tabs = [first];
    while (tabs.length < 5) tabs.push(await first.context().newPage());
    for (const tab of tabs) {
      await tab.goto(url);
      await tab.getByRole('heading', { level: 2, name: 'Uploads' }).waitFor();
    }
    const more = [];
    while (more.length < 2) more.push(await first.context().newPage());
    for (const tab of more) {
      await tab.goto(url);
      await tab.getByText('the console is open in 5 tabs').waitFor();
    }
    await first.getByRole('link', { name: 'Queues' }).click();
    await first.getByRole('heading', { level: 3, name: 'Accepted events' }).waitFor();
    await tabs[1]?.close();
    await Promise.any(more.map((tab) => tab.getByRole('heading', { level: 2, name: 'Uploads' }).waitFor()));
  },
);

t.test('a step that cannot come is not awaited', async (t) => {
  const { url, log } = await startWithLog(t);
  const other = (uploadId: string, outcome: string) => ({
    time: at(9),
    service: 'acceptor',
    outcome,
    uploadId,
    versionId: 'v',
  });
  log(issued('open', 1), issued('taken back', 2), other('taken back', 'refused'), other('unknown', 'orphan'));
  log({ time: at(9), service: 'processor', outcome: 'processed', uploadId: 'half seen' });
  const page = await newPage(t);
  await page.goto(url);
  const steps = (id: string) => row(page, id).locator('.track .when').allTextContents();
  await row(page, 'half seen').waitFor();
  t.strictSame((await steps('open')).slice(1), ['not yet seen', 'not yet seen', 'not yet seen']);
  t.strictSame((await steps('taken back')).slice(1), ['revoked', 'revoked', 'revoked']);
  t.strictSame(await steps('unknown'), [], 'there is no upload');
  t.strictSame((await steps('half seen')).slice(0, 3), [
    'not in the log',
    'not in the log',
    'not in the log',
  ]);
});

t.test('times of another day have their date, and the page names their zone', async (t) => {
  const { url, log } = await startWithLog(t);
  log(issued('of another day', 1));
  const page = await newPage(t, { timezoneId: 'America/New_York' });
  await page.goto(url);
  t.equal(await row(page, 'of another day').locator('.when').first().textContent(), '1 Jan, 07:00:01');
  await page.getByText('Times are those of this browser: America/New_York.').waitFor();
});
