import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { UploadStatus } from '@upload-once/client';
import { startProcess } from '@upload-once/local-stack/child-process.ts';
import type { Stack } from '@upload-once/local-stack/stack.ts';
import type { Page } from 'playwright-core';
import t from 'tap';
import { eventually } from '../../support/eventually.ts';

export const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));

/** For `LOCAL_AWS_CORS_ORIGINS`: where the backend listens. */
export const BACKEND_ORIGINS = 'http://127.0.0.1:*';

export interface ExampleBackend {
  readonly url: string;
  statusOf(id: string): Promise<UploadStatus>;
  /** Waits until it is processed. */
  processed(id: string): Promise<UploadStatus>;
}

/** What a page asked of the backend, and sent to S3. */
export interface PageCalls {
  /** The ids of the uploads that it asked forms for. */
  readonly ids: string[];
  readonly revoked: string[];
  /** How often it sent something to S3. */
  sent: number;
}

/** Builds the pages, and serves them, as `make examples` does. It ends with the tests of the file. */
export async function startExampleBackend(stack: Stack, logFolder: string): Promise<ExampleBackend> {
  await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: EXAMPLES });
  const backend = startProcess({
    name: 'fastify-backend',
    program: join(EXAMPLES, 'fastify-backend/server.mjs'),
    env: {
      PATH: process.env.PATH ?? '',
      UPLOAD_ONCE_URL: stack.issuerUrl,
      UPLOAD_ONCE_API_KEY: stack.apiKey,
      PORT: '0',
    },
    logFile: join(logFolder, 'backend.log'),
  });
  t.teardown(() => backend.stop());
  const url = await backend.lineThat((line) => /^open (http:\S+?)\/plain-page\//.exec(line)?.[1]);
  const statusOf = async (id: string) =>
    (await fetch(`${url}/uploads/${id}`)).json() as Promise<UploadStatus>;
  return {
    url,
    statusOf,
    processed: (id) =>
      eventually(
        () => statusOf(id),
        ({ state }) => state === 'PROCESSED',
      ),
  };
}

/** Records what a page does from now on. */
export function callsOf(page: Page, s3Url: string): PageCalls {
  const calls: PageCalls = { ids: [], revoked: [], sent: 0 };
  page.on('request', (request) => {
    if (request.method() === 'DELETE')
      calls.revoked.push(new URL(request.url()).pathname.split('/')[2] ?? '');
    if (request.method() === 'POST' && request.url().startsWith(s3Url)) calls.sent += 1;
  });
  page.on('response', async (response) => {
    const isForm = response.request().method() === 'POST' && response.url().endsWith('/uploads');
    if (isForm) calls.ids.push((await response.json()).id);
  });
  return calls;
}
