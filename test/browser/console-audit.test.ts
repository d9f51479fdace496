import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import type { AuditFinding, AuditOrder } from '../../packages/console/src/index.ts';
import { startBrowser } from './support/browser.ts';
import { startWithLog } from './support/console-log.ts';

// The view Audit, in front of audits that end when these tests say so.

const newPage = await startBrowser();

const finding = (uploadId: string, more: Partial<AuditFinding> = {}): AuditFinding => ({
  kind: 'stuck',
  uploadId,
  key: `uploads/${uploadId}`,
  versionId: 'v',
  state: 'CLAIMED',
  since: new Date(0),
  detail: 'it is stuck',
  outcome: undefined,
  remark: '',
  ...more,
});

/** A console's view Audit. `next` presses the button, and gives the order that it causes. */
async function openAudit(t: Test) {
  const orders: (AuditOrder & { end: (remark?: string) => void; fail: (error: Error) => void })[] = [];
  const audit = {
    run: (order: AuditOrder) =>
      new Promise<string>((resolve, reject) => {
        orders.push({ ...order, end: (remark = '') => resolve(remark), fail: reject });
        order.signal.addEventListener('abort', () => resolve(''));
      }),
  };
  const { url } = await startWithLog(t, { sources: { audit }, isWritable: true });
  const page = await newPage(t);
  await page.goto(url);
  await page.getByRole('link', { name: 'Audit' }).click();
  return {
    page,
    orders,
    async next(button: string, title: string) {
      await page.getByRole('button', { name: button }).click();
      await page.getByRole('heading', { name: title }).waitFor();
      const order = orders.at(-1);
      if (!order) throw new Error('nothing was begun');
      return order;
    },
  };
}

const seen = (page: Page, versions: number) =>
  page.getByText(`${versions} versions and 0 items were looked at.`).waitFor();
const progress = (versions: number) => ({ versions, items: 0, tooYoung: 0, leased: 0 });

t.test(
  'Stop stays where it is while an audit tells its progress: for a slow press, and by keyboard',
  async (t) => {
    const { page, next } = await openAudit(t);
    const first = await next('Run the audit', 'The audit runs');
    const stop = page.getByRole('button', { name: 'Stop' });
    await stop.hover();
    await page.mouse.down();
    first.onProgress(progress(1));
    first.onFinding(finding('of-it'));
    await page.getByRole('row').filter({ hasText: 'of-it' }).waitFor();
    await page.evaluate(`document.querySelector('tbody tr').id = 'old'`);
    first.onProgress(progress(2));
    await seen(page, 2);
    await stop.hover();
    await page.mouse.up();
    await page.getByRole('heading', { name: 'The audit was stopped' }).waitFor();
    t.equal(first.signal.aborted, true);
    t.equal(await page.locator('#old').count(), 1, 'a row stays as it is');
    t.equal(await stop.count(), 0, 'nothing is left to be stopped');

    const second = await next('Run the audit', 'The audit runs');
    await stop.focus();
    second.onProgress(progress(3));
    await seen(page, 3);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'The audit was stopped' }).waitFor();
    t.equal(second.signal.aborted, true);
    t.equal(await page.evaluate('document.activeElement.textContent'), 'The audit was stopped');
  },
);

t.test('an audit that was stopped or failed says so, and not that it found nothing', async (t) => {
  const { page, next } = await openAudit(t);
  await next('Run the audit', 'The audit runs');
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('heading', { name: 'The audit was stopped' }).waitFor();
  await page.getByText('Found so far: 0.').waitFor();
  const failing = await next('Run the audit', 'The audit runs');
  failing.onFinding(finding('of-it'));
  failing.fail(new Error('no'));
  await page.getByRole('heading', { name: 'The audit failed' }).waitFor();
  await page.getByText('Found so far: 1.').waitFor();
  t.equal(await page.getByText(/found nothing/).count(), 0);
  t.equal(await page.getByRole('button', { name: 'Send the missing events again' }).count(), 0);
  const whole = await next('Run the audit', 'The audit runs');
  whole.end();
  await page.getByRole('heading', { name: 'The audit found nothing' }).waitFor();
});

t.test('one audit at a time; the results of a repair stay when another audit runs', async (t) => {
  const { page, next, orders } = await openAudit(t);
  const run = page.getByRole('button', { name: 'Run the audit' });
  const audit = await next('Run the audit', 'The audit runs');
  t.equal(await run.getAttribute('aria-disabled'), 'true');
  await page.getByText('One runs at a time').waitFor();
  audit.onFinding(finding('of-it'));
  audit.end();
  await page.getByRole('heading', { name: 'The audit found 1 upload' }).waitFor();
  t.equal(await run.getAttribute('aria-disabled'), null);
  const repair = await next('Send the missing events again', 'The repair runs');
  t.equal(await page.evaluate('document.activeElement.textContent'), 'The repair runs');
  t.equal(await run.getAttribute('aria-disabled'), 'true');
  repair.onFinding(finding('of-it', { outcome: 'sent' }));
  repair.end();
  await page.getByRole('heading', { name: 'The repair went through 1 upload' }).waitFor();
  await next('Run the audit', 'The audit runs');
  const last = page.getByRole('region', { name: 'The last repair before', exact: true });
  await last.getByText('its event was sent now').waitFor();
  t.equal(orders.length, 3);
});
