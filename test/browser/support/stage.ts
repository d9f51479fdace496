import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePorts } from '@upload-once/local-stack/ports.ts';
import { type Stack, startStack } from '@upload-once/local-stack/stack.ts';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { eventually } from '../../support/eventually.ts';
import { type NewPage, startBrowser } from './browser.ts';
import { type S3Proxy, startS3Proxy } from './s3-proxy.ts';

const COMMAND = fileURLToPath(new URL('../../../packages/cli/bin/upload-once.mjs', import.meta.url));

export interface MadeLink {
  readonly id: string;
  readonly url: string;
}

export interface Stage {
  readonly stack: Stack;
  readonly s3: S3Proxy;
  /** As `POST /v1/links`. */
  makeLink(body?: object, apiKey?: string): Promise<MadeLink>;
  /** Ends a link at once. */
  expire(link: MadeLink, apiKey?: string): Promise<void>;
  revoke(link: MadeLink, apiKey?: string): Promise<void>;
  /** What the API says of a link's upload. */
  stateOf(link: MadeLink): Promise<string>;
  keys(...args: readonly string[]): Promise<string>;
  readonly newPage: NewPage;
  /** A new link in a page of its own, and how often that page has sent a file. */
  openLink(
    t: Test,
    body?: object,
  ): Promise<{ readonly link: MadeLink; readonly page: Page; readonly sent: () => number }>;
  /** Makes a file of zeros. */
  file(name: string, bytes: number): Promise<string>;
}

/** A whole installation, with the page of its links, and a browser. They end with the tests of the file. */
export async function startStage(
  settings: {
    readonly issuer?: Record<string, string>;
    readonly localAws?: Record<string, string>;
    readonly processor?: Record<string, string>;
    readonly moreIssuers?: Record<string, Record<string, string>>;
  } = {},
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'upload-once-link-'));
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const [port = 0, s3Port = 0] = await freePorts(2);
  const origin = `http://127.0.0.1:${port}`;
  const s3 = await startS3Proxy(s3Port, (stop) => t.teardown(stop));
  const stack = await startStack({
    logFolder: join(folder, 'logs'),
    settings: {
      'local-aws': {
        LOCAL_AWS_S3_PORT: String(s3Port),
        LOCAL_AWS_CORS_ORIGINS: origin,
        ...settings.localAws,
      },
      'url-issuer': {
        PORT: String(port),
        LINK_ORIGIN: origin,
        LINK_RATE_PER_MINUTE: '10000',
        LINK_ADDRESS_RATE_PER_MINUTE: '0',
        LINK_PAGE_PRIVACY_URL: 'https://www.example.com/privacy',
        S3_PUBLIC_ENDPOINT: s3.url,
        ...settings.issuer,
      },
      processor: settings.processor ?? {},
    },
    moreIssuers: settings.moreIssuers ?? {},
  });
  t.teardown(() => stack.stop());
  async function ask(
    method: string,
    path: string,
    { body, apiKey = stack.apiKey }: { body?: object; apiKey?: string | undefined } = {},
  ): Promise<Record<string, string>> {
    const response = await fetch(`${stack.issuerUrl}${path}`, {
      method,
      headers: { 'x-api-key': apiKey, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }

  const newPage = await startBrowser();
  const makeLink = async (body: object = {}, apiKey?: string) =>
    (await ask('POST', '/v1/links', { body, apiKey })) as unknown as MadeLink;

  return {
    stack,
    s3,
    makeLink,
    async expire({ id, url }, apiKey) {
      await ask('PATCH', `/v1/links/${encodeURIComponent(id)}`, {
        body: { expiresInSeconds: 1 },
        apiKey,
      });
      const headers = { authorization: `Bearer ${url.split('#')[1]}` };
      const view = async () => (await fetch(`${stack.issuerUrl}/u/view`, { method: 'POST', headers })).json();
      await eventually(view, (seen) => (seen as { state: string }).state === 'expired');
    },
    revoke: async ({ id }, apiKey) =>
      void (await ask('DELETE', `/v1/links/${encodeURIComponent(id)}`, { apiKey })),
    stateOf: async ({ id }) => (await ask('GET', `/v1/uploads/${encodeURIComponent(id)}`)).state ?? '',
    async keys(...args) {
      const env = { ...stack.awsEnv, PATH: process.env.PATH ?? '' };
      const table = ['--table', stack.tables.access];
      const { stdout } = await promisify(execFile)(process.execPath, [COMMAND, 'keys', ...args, ...table], {
        env,
      });
      return stdout;
    },
    newPage,
    async openLink(t, body) {
      const link = await makeLink(body);
      const page = await newPage(t);
      let count = 0;
      page.on('request', (request) => {
        if (request.url().startsWith(s3.url) && request.method() !== 'OPTIONS') count += 1;
      });
      await page.goto(link.url);
      return { link, page, sent: () => count };
    },
    async file(name, bytes) {
      const path = join(folder, name);
      const file = await open(path, 'w');
      await file.truncate(bytes);
      await file.close();
      return path;
    },
  };
}
