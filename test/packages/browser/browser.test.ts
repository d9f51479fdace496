import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { createUpload } from '@upload-once/client';
import { startStack } from '@upload-once/local-stack/stack.ts';
import t from 'tap';
import { run } from '../built.ts';
import { bundleForPage } from '../bundle-for-page.ts';

// A page in a real browser uploads with the packed library, across origins as on AWS.

const BROWSERS = ['chromium-headless-shell', 'chromium', 'google-chrome'];

const folder = await mkdtemp(join(tmpdir(), 'upload-once-page-'));
t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

async function findBrowser(): Promise<string> {
  for (const name of BROWSERS) {
    const { code, stdout } = await run('sh', ['-c', `command -v ${name}`]);
    if (code === 0) return stdout.trim();
  }
  throw new Error(`none of these is there: ${BROWSERS.join(', ')}`);
}

t.test('a page uploads by a form and by a PUT, and gets the errors of S3', async (t) => {
  const script = await bundleForPage(folder, await readFile(new URL('page.ts', import.meta.url), 'utf8'));
  const results: unknown[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === '/result') {
      results.push(await json(request));
      response.end();
      server.emit('result');
      return;
    }
    if (request.url === '/form') {
      const { form } = await createUpload({ ...access, ...((await json(request)) as object) });
      response.end(JSON.stringify(form));
      return;
    }
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stack = await startStack({
    logFolder: join(folder, 'logs'),
    settings: { 'local-aws': { LOCAL_AWS_CORS_ORIGINS: origin } },
  });
  t.teardown(() => stack.stop());

  const access = { issuerUrl: stack.issuerUrl, apiKey: stack.apiKey };
  const options = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--remote-debugging-port=0',
  ];
  const resulted = once(server, 'result');
  const browser = spawn(await findBrowser(), [...options, `--user-data-dir=${folder}/profile`, origin], {
    stdio: 'ignore',
  });
  const ended = once(browser, 'close');
  await Promise.race([resulted, ended]);
  browser.kill();
  await ended;

  const stored = { result: { key: /^uploads\// }, sentBytes: 9 };
  t.match(results, [
    {
      uploads: [
        { ...stored, result: { status: 204 } },
        { ...stored, result: { status: 200, eTag: /^[0-9a-f]{32}$/ } },
      ],
      sizeBytes: 9,
      secondPut: 'UploadRefused PreconditionFailed',
      tampered: 'UploadRefused AccessDenied',
      noSuchHost: 'UploadOutcomeUnknown',
      path: 'FileUnusable',
    },
  ]);
});
