import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '@upload-once/local-stack/child-process.ts';
import { devPorts } from '@upload-once/local-stack/dev/dev-settings.ts';
import t from 'tap';
import { startBrowser } from './support/browser.ts';
import { send, title } from './support/link-page.ts';

// What a newcomer does first: `make dev`, and the link that it prints.

const MAIN = fileURLToPath(new URL('../../local/stack/dev/main.ts', import.meta.url));
const newPage = await startBrowser();

t.test('the link that make dev prints takes a file, and the file is processed', async (t) => {
  const folder = t.testdir({ 'hello.txt': 'hello' });
  const dev = await startDev(join(folder, 'dev'));
  t.teardown(() => dev.stop());
  const url = await dev.lineThat((line) => /^ {2}(http:\S+\/u#\S+)$/.exec(line)?.[1]);
  const processed = dev.lineThat((line) => /processed +\S+/.exec(line)?.[0]);
  const page = await newPage(t);
  await page.goto(url);
  await title(page, 'Any file, to try this');
  await send(page, join(folder, 'hello.txt'));
  await title(page, 'Received');
  t.match(await processed, 'by-link');
});

async function startDev(folder: string) {
  await mkdir(folder);
  return startProcess({
    name: 'make dev',
    program: MAIN,
    env: { PATH: process.env.PATH ?? '', DEV_FOLDER: folder, DEV_PORT: await freeDevPort() },
    logFile: join(folder, 'log'),
  });
}

async function freeDevPort(): Promise<string> {
  for (;;) {
    const DEV_PORT = String(20_000 + Math.floor(Math.random() * 10_000));
    const isFree = await devPorts({ DEV_PORT }).then(
      () => true,
      () => false,
    );
    if (isFree) return DEV_PORT;
  }
}
