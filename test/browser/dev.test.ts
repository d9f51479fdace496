import { join } from 'node:path';
import t from 'tap';
import { startBrowser } from './support/browser.ts';
import { startDev } from './support/dev-console.ts';
import { send, title } from './support/link-page.ts';

// What a newcomer does first: `make dev`, and the link that it prints.

const newPage = await startBrowser();

t.test('the link that make dev prints takes a file, and the file is processed', async (t) => {
  const file = join(t.testdir({ 'hello.txt': 'hello' }), 'hello.txt');
  const dev = await startDev(t);
  const processed = dev.process.lineThat((line) => /processed +\S+/.exec(line)?.[0]);
  const page = await newPage(t);
  await page.goto(dev.linkUrl);
  await title(page, 'Any file, to try this');
  await send(page, file);
  await title(page, 'Received');
  t.match(await processed, 'by-link');
});
