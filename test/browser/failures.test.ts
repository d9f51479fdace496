import t from 'tap';
import { looks, send, text, title } from './support/link-page.ts';
import { startStage } from './support/stage.ts';

// What goes wrong between a person and S3: the page never guesses what became of a file, and never sends one again by itself.

const MIB = 2 ** 20;
const BYTES = 24 * MIB;

const { openLink, newPage, file, stateOf, stack, s3 } = await startStage();
const path = await file('video.mp4', BYTES);
const acceptor = stack.processes.find(({ name }) => name === 'acceptor');

t.test('progress is shown and said, and a cancelled upload can be sent again', async (t) => {
  const { link, page, sent } = await openLink(t, { title: 'The recording of the meeting' });
  const holding = s3.holdNext(4 * MIB);
  await send(page, path);
  await title(page, 'Sending your file');
  const held = await holding;
  await text(page, /^\d+% · [\d.]+ MB of 25\.2 MB/);
  const bar = page.getByRole('progressbar', { name: 'Sending your file' });
  t.ok(Number(await bar.getAttribute('value')) < 1);
  await looks(t, page, 'sending');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await title(page, 'Finding out what became of your file …');
  await text(page, 'You stopped. Nothing was received so far, and the link is still open.');
  await text(page, 'If your file was stored all the same, it counts. This page keeps asking.');
  await title(page, 'The recording of the meeting');
  t.equal(await stateOf(link), 'ISSUED');
  held.release();
  await text(page, 'Chosen: video.mp4, 25.2 MB');
  t.equal(sent(), 1);
  await page.getByRole('button', { name: 'Send' }).click();
  await title(page, 'Received');
  t.equal(sent(), 2);
});

t.test('the speed and the time left are those of the last seconds', async (t) => {
  const { page } = await openLink(t);
  await page.clock.install();
  const holding = s3.holdNext(4 * MIB);
  await send(page, await file('long.mp4', 100 * MIB));
  const held = await holding;
  const holdingAgain = s3.holdNext(50 * MIB);
  await page.clock.fastForward(6_000);
  held.release();
  await holdingAgain;
  await text(page, /^\d+% · [\d.]+ MB of 105 MB · [\d.]+ [kM]B per second · \d+ \w+ left$/);
  await page.locator('#announcement', { hasText: /[kM]B per second, \d+ \w+ left$/ }).waitFor();
});

for (const method of ['put', 'post']) {
  t.test(`${method}: a connection that breaks in the middle leaves the link open`, async (t) => {
    const { link, page, sent } = await openLink(t, { method });
    const holding = s3.holdNext(4 * MIB);
    await send(page, path);
    (await holding).cut();
    await title(page, 'Finding out what became of your file …');
    if (method === 'put') await looks(t, page, 'checking');
    await text(page, 'The connection broke. Nothing was received so far, and the link is still open.');
    if (method === 'put') await looks(t, page, 'broken');
    t.equal(await stateOf(link), 'ISSUED');
    t.equal(sent(), 1, 'nothing is sent again by itself');
    s3.mend();
    await page.getByRole('button', { name: 'Send' }).click();
    await title(page, 'Received');
  });

  t.test(`${method}: a file whose confirmation was lost is found`, async (t) => {
    const { page, sent } = await openLink(t, { method });
    s3.loseNextResponse();
    await send(page, path);
    await title(page, 'A file was received');
    await text(page, 'A file of exactly the size of yours was received. Most likely it is yours.');
    t.equal(sent(), 1);
  });

  t.test(`${method}: of two tabs that send at once, one is received, and the other says so`, async (t) => {
    const { link, page } = await openLink(t, { method });
    const other = await newPage(t);
    await other.goto(link.url);
    const holding = s3.holdNext(4 * MIB);
    await send(page, path);
    const held = await holding;
    await send(other, await file('other.txt', 100));
    await title(other, 'Received');
    held.release();
    await title(page, 'Another file was received');
    await text(page, '100 bytes');
    if (method === 'put') await looks(t, page, 'other');
  });
}

t.test('the page warns before it is left while a file is sent, and not later', async (t) => {
  const { page } = await openLink(t);
  const holding = s3.holdNext(4 * MIB);
  await send(page, path);
  const held = await holding;
  let warned = 0;
  page.on('dialog', (dialog) => {
    warned += 1;
    return dialog.dismiss();
  });
  const dialog = page.waitForEvent('dialog');
  await page.evaluate('void setTimeout(() => location.reload())');
  t.equal((await dialog).type(), 'beforeunload');
  held.release();
  await title(page, 'Received');
  await page.reload();
  await title(page, 'A file was received');
  t.equal(warned, 1);
});

t.test('a page that was reloaded in the middle says what became of the link', async (t) => {
  const { link, page, sent } = await openLink(t);
  const holding = s3.holdNext(4 * MIB);
  await send(page, path);
  await holding;
  page.on('dialog', (dialog) => dialog.accept());
  await page.reload();
  await title(page, 'Send a file');
  t.equal(await stateOf(link), 'ISSUED');
  t.equal(sent(), 1);
  await send(page, path);
  await title(page, 'Received');
});

t.test('back and forward show what became of the link', async (t) => {
  const { page } = await openLink(t);
  await send(page, await file('small.txt', 10));
  await title(page, 'Received');
  await page.goto('about:blank');
  await page.goBack();
  await title(page, 'A file was received');
});

t.test('while the service cannot be reached, the page says so and offers another try', async (t) => {
  const { link, page, sent } = await openLink(t);
  await title(page, 'Send a file');
  await page.context().setOffline(true);
  await send(page, path);
  await text(page, 'The service cannot be reached just now. Nothing was sent.');
  t.equal(sent(), 0);
  await page.context().setOffline(false);
  const view = '**/u/view';
  await page.route(view, (route) => route.abort());
  await page.reload();
  await title(page, 'The service cannot be reached');
  await looks(t, page, 'unreachable');
  await page.unroute(view);
  await page.getByRole('button', { name: 'Try again' }).click();
  await title(page, 'Send a file');

  const holding = s3.holdNext(4 * MIB);
  await send(page, path);
  const held = await holding;
  await page.context().setOffline(true);
  held.cut();
  await title(page, 'No connection');
  await looks(t, page, 'no-connection');
  t.equal(await stateOf(link), 'ISSUED');
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Ask again' }).click();
  await text(page, 'The connection broke. Nothing was received so far, and the link is still open.');
  s3.mend();
});

t.test('a file that is stored is not called received before it is claimed', async (t) => {
  const { link, page } = await openLink(t);
  await page.clock.install();
  acceptor?.signal('SIGSTOP');
  t.teardown(() => acceptor?.signal('SIGCONT'));
  await send(page, await file('slow.txt', 10));
  await title(page, 'Sent. Waiting for the confirmation …');
  await looks(t, page, 'waiting');
  const minutesPass = setInterval(() => page.clock.runFor(10_000).catch(() => undefined), 50);
  await title(page, 'Your file is stored');
  clearInterval(minutesPass);
  await looks(t, page, 'stored');
  t.equal(await stateOf(link), 'ISSUED');
  const other = await newPage(t);
  await other.goto(link.url);
  await send(other, await file('later.txt', 20));
  await title(other, 'Finding out what became of your file …');
  acceptor?.signal('SIGCONT');
  await title(page, 'Received');
  await title(other, 'Another file was received');
});

t.test('what S3 refuses is no broken connection', async (t) => {
  const { page, sent } = await openLink(t, { sha256: 'ab'.repeat(32) });
  await send(page, await file('not-the-one.txt', 10));
  const notice = page.getByRole('alert').filter({ hasText: 'The file was not accepted.' });
  t.equal(await notice.textContent(), 'The file was not accepted. Check that it is the right file.');
  t.equal(sent(), 1);
});
