import { setTimeout as delay } from 'node:timers/promises';
import { IssuerUnavailable, requestUpload, type UploadForm } from '@upload-once/client';
import { deployment } from './deployment.ts';

/** One request, one form; only where the table is known to be slow, a client that does as it is told: 503, `Retry-After`. */
export async function requestForm(issuerUrl = deployment.issuerUrl): Promise<UploadForm> {
  for (;;) {
    try {
      return await requestUpload({ issuerUrl, apiKey: deployment.apiKey });
    } catch (error) {
      const isToBeRepeated =
        deployment.knownGaps.has('table-under-load') && error instanceof IssuerUnavailable;
      if (!isToBeRepeated || error.retryAfterSeconds === undefined) throw error;
      await delay(error.retryAfterSeconds * 1000);
    }
  }
}

export interface PostOutcome {
  readonly status: number;
  /** S3's error code; empty when there is none. */
  readonly code: string;
  readonly startedAtMs: number;
  readonly answeredAtMs: number;
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
  const answer = await fetch(form.url, { method: 'POST', body, redirect: 'manual' });
  const answeredAtMs = performance.now();
  const text = await answer.text();
  return {
    status: answer.status,
    code: /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '',
    startedAtMs,
    answeredAtMs,
  };
}
