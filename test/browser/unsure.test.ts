import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { choose, send, text, title } from './support/link-page.ts';
import { startStage } from './support/stage.ts';

// While the page does not know what became of a file, or cannot read it yet: it keeps asking, and sends nothing twice.

const MIB = 2 ** 20;

/** Reads of files wait until `readFiles` is called, as those of a network drive do. */
const HOLD_READS = `{
  const read = Blob.prototype.arrayBuffer;
  const held = new Promise((resolve) => { window.readFiles = resolve; });
  Blob.prototype.arrayBuffer = function () { return held.then(() => read.call(this)); };
}`;

const { openLink, newPage, file, stateOf, expire, revoke, stack, s3 } = await startStage();
const path = await file('video.mp4', 24 * MIB);
const acceptor = stack.processes.find(({ name }) => name === 'acceptor');

/** Stops the acceptor: what is stored is not claimed until the returned function is called. */
function holdClaims(t: Test): () => void {
  acceptor?.signal('SIGSTOP');
  const release = () => void acceptor?.signal('SIGCONT');
  t.teardown(release);
  t.teardown(s3.mend);
  return release;
}

/** As when the person goes to another tab. */
function show(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  return page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' });
    document.dispatchEvent(new Event('visibilitychange'));
  `);
}

for (const how of ['broken', 'cancelled'] as const) {
  t.test(`${how}: a file that is claimed long after its connection broke is found`, async (t) => {
    const { link, page, sent } = await openLink(t);
    const claim = holdClaims(t);
    if (how === 'broken') s3.loseNextResponse({ untilMend: true });
    const holding = how === 'cancelled' ? s3.holdNextResponse() : undefined;
    await send(page, await file(`${how}.txt`, 1_000));
    await holding;
    if (how === 'cancelled') await page.getByRole('button', { name: 'Cancel' }).click();
    const words = how === 'broken' ? 'The connection broke.' : 'You stopped.';
    const notice = page.getByRole('alert').filter({ hasText: words });
    await notice.waitFor();
    t.equal(
      await notice.textContent(),
      `${words} Nothing was received so far, and the link is still open. If your file was stored all the same, it counts. This page keeps asking.`,
    );
    t.equal(await stateOf(link), 'ISSUED');
    claim();
    await title(page, 'A file was received');
    await text(page, 'A file of exactly the size of yours was received. Most likely it is yours.');
    t.equal(sent(), 1);
  });
}

t.test('a file is found that was stored before its link expired', async (t) => {
  const { link, page } = await openLink(t);
  const claim = holdClaims(t);
  s3.loseNextResponse({ untilMend: true });
  await send(page, await file('late.txt', 1_000));
  await page.getByRole('alert').filter({ hasText: 'The connection broke.' }).waitFor();
  await expire(link);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await title(page, 'This link has expired');
  await text(page, 'If your file was stored all the same, it counts. This page keeps asking.');
  claim();
  await title(page, 'A file was received');
});

t.test('a page that no one sees asks nothing, and asks at once when it is seen again', async (t) => {
  const { page } = await openLink(t);
  const claim = holdClaims(t);
  s3.loseNextResponse({ untilMend: true });
  await page.clock.install();
  await send(page, await file('hidden.txt', 1_000));
  await page.clock.runFor(10_000);
  await page.getByRole('alert').filter({ hasText: 'The connection broke.' }).waitFor();
  await show(page, 'hidden');
  // What was asked before.
  await page.clock.runFor(1_000);
  await page.waitForLoadState('networkidle');
  let asked = 0;
  page.on('request', () => (asked += 1));
  await page.clock.runFor('24:00:00');
  t.equal(asked, 0);
  claim();
  await show(page, 'visible');
  await page.clock.runFor('20:00');
  await title(page, 'A file was received');
});

t.test('what is found takes no other file’s place that is sent meanwhile', async (t) => {
  const { page, sent } = await openLink(t);
  const claim = holdClaims(t);
  s3.loseNextResponse({ untilMend: true });
  await send(page, await file('first.txt', 1_000));
  await page.getByRole('alert').filter({ hasText: 'The connection broke.' }).waitFor();
  s3.mend();
  const holding = s3.holdNext(4 * MIB);
  await send(page, path);
  const held = await holding;
  claim();
  const seen = await newPage(t);
  await seen.goto(page.url());
  await title(seen, 'A file was received');
  await title(page, 'Sending your file');
  held.release();
  await title(page, 'Another file was received');
  t.equal(sent(), 2);
});

t.test('a link that is revoked while the page keeps asking', async (t) => {
  const { link, page } = await openLink(t);
  const claim = holdClaims(t);
  s3.loseNextResponse({ untilMend: true });
  await send(page, await file('refused.txt', 1_000));
  await page.getByRole('alert').filter({ hasText: 'The connection broke.' }).waitFor();
  await revoke(link);
  await title(page, 'This link was withdrawn');
  t.equal(await page.getByText('it counts').count(), 0);
  claim();
});

for (const method of ['put', 'post']) {
  t.test(`${method}: a file is sent once, however often Send is pressed while it is read`, async (t) => {
    const { page, sent } = await openLink(t, { method });
    await page.evaluate(HOLD_READS);
    await choose(page, await file(`often-${method}.txt`, 1_000));
    await page.getByRole('button', { name: 'Send', exact: true }).dblclick();
    const wait = page.getByRole('button', { name: 'One moment …' });
    t.equal(await wait.getAttribute('aria-disabled'), 'true');
    await wait.press('Enter');
    t.equal(sent(), 0);
    await page.evaluate('readFiles()');
    await title(page, 'Received');
    t.equal(sent(), 1);
  });
}

t.test('another file that is chosen while one is read takes its place', async (t) => {
  const { page, sent } = await openLink(t);
  await page.evaluate(HOLD_READS);
  await send(page, await file('wrong.txt', 10));
  await page.getByRole('button', { name: 'One moment …' }).waitFor();
  await choose(page, await file('right.txt', 20));
  await page.getByRole('button', { name: 'Send', exact: true }).waitFor();
  await page.evaluate('readFiles()');
  t.equal(sent(), 0);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await title(page, 'Received');
  await text(page, 'right.txt');
  t.equal(sent(), 1);
});

t.test('what is found while a file is read is not sent over', async (t) => {
  const { page, sent } = await openLink(t);
  const claim = holdClaims(t);
  s3.loseNextResponse({ untilMend: true });
  await send(page, await file('first-read.txt', 1_000));
  await page.getByRole('alert').filter({ hasText: 'The connection broke.' }).waitFor();
  await page.evaluate(HOLD_READS);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  claim();
  await title(page, 'A file was received');
  await page.evaluate('readFiles()');
  await title(page, 'A file was received');
  t.equal(sent(), 1);
});

t.test('a file is not called the person’s own where S3’s response names no version', async (t) => {
  const { page } = await openLink(t);
  s3.hideNextVersion();
  await send(page, await file('nameless.txt', 1_000));
  await title(page, 'A file was received');
  await text(page, 'Most likely it is yours.');
});
