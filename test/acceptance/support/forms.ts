import { setTimeout as delay } from 'node:timers/promises';
import { IssuerUnavailable, requestUpload, type UploadForm } from '@upload-once/client';
import { deployment } from './deployment.ts';

const ATTEMPTS = 5;

export function requestForm(issuerUrl = deployment.issuerUrl): Promise<UploadForm> {
  return withoutHaste(() => requestUpload({ issuerUrl, apiKey: deployment.apiKey }));
}

/** Requests a form as a well-behaved client does: it repeats the request after a 503 with `Retry-After` (the table is slow). */
export async function withoutHaste<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const waitSeconds = error instanceof IssuerUnavailable ? error.retryAfterSeconds : undefined;
      if (waitSeconds === undefined || attempt === ATTEMPTS) throw error;
      await delay(waitSeconds * 1000);
    }
  }
}

export interface PostOutcome {
  readonly status: number;
  /** S3's error code; empty when there is none. */
  readonly code: string;
  readonly startedAtMs: number;
  readonly respondedAtMs: number;
}

/** Sends a form as a browser does. */
export async function postForm(
  form: Pick<UploadForm, 'url' | 'fields'>,
  content: string | Blob,
  fileName = 'file.txt',
): Promise<PostOutcome> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append('file', typeof content === 'string' ? new Blob([content]) : content, fileName);
  const startedAtMs = performance.now();
  const response = await fetch(form.url, { method: 'POST', body, redirect: 'manual' });
  const respondedAtMs = performance.now();
  const text = await response.text();
  return {
    status: response.status,
    code: /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '',
    startedAtMs,
    respondedAtMs,
  };
}
