import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import t, { type Test } from 'tap';

const BROWSERS = ['chromium-headless-shell', 'chromium', 'google-chrome'];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** It only ends a wait that would last for ever. */
const LIMIT_MS = 120_000;
const WIDTH = 640;

/** A page with cookies and a cache of its own, and with axe in it. It is closed when the test ends. */
export type NewPage = (t: Test, options?: BrowserContextOptions) => Promise<Page>;

/** The machine's own browser. It ends with the tests of the file. */
export async function startBrowser(): Promise<NewPage> {
  const browser = await chromium.launch({
    executablePath: await findBrowser(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  t.teardown(() => browser.close());
  return async (t, options = {}) => {
    const context = await browser.newContext({
      viewport: { width: WIDTH, height: 400 },
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      ...options,
    });
    t.teardown(() => context.close());
    context.setDefaultTimeout(LIMIT_MS);
    await context.addInitScript({ path: AXE });
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => t.fail(message));
    page.on('console', (line) => {
      if (line.text().includes('Content Security Policy')) t.fail(line.text());
    });
    return page;
  };
}

async function findBrowser(): Promise<string> {
  for (const name of BROWSERS) {
    try {
      const { stdout } = await promisify(execFile)('sh', ['-c', `command -v ${name}`]);
      return stdout.trim();
    } catch {
      // The next one.
    }
  }
  throw new Error(`none of these is there: ${BROWSERS.join(', ')}`);
}
