import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { UploadForm, UploadPut } from '@upload-once/client';
import { deployment } from './deployment.ts';

export interface Link {
  readonly id: string;
  readonly key: string;
  /** What its URL has behind `#`. */
  readonly token: string;
}

export interface Response {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const command = fileURLToPath(new URL('../../../packages/cli/bin/upload-once.mjs', import.meta.url));

async function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<Response> {
  const response = await fetch(`${deployment.issuerUrl}${path}`, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const content = await response.text();
  return { status: response.status, body: content === '' ? {} : JSON.parse(content) };
}

/** With an API key. */
export function manage(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  return ask(method, `/v1/links${path}`, { 'x-api-key': deployment.apiKey, ...headers }, body);
}

export async function makeLink(body: object = {}, headers: Record<string, string> = {}): Promise<Link> {
  const { status, body: made } = await manage('POST', '', body, headers);
  if (status !== 201) throw new Error(`no link: ${status} ${JSON.stringify(made)}`);
  const { id, url } = made as { id: string; url: string };
  return { id, key: `uploads/${id}`, token: url.slice(url.indexOf('#') + 1) };
}

/** What the page of a link asks. */
export function viewLink({ token }: Pick<Link, 'token'>): Promise<Response> {
  return ask('POST', '/u/view', { authorization: `Bearer ${token}` });
}

export function signFile({ token }: Pick<Link, 'token'>, body: object): Promise<Response> {
  return ask('POST', '/u/sign', { authorization: `Bearer ${token}` }, body);
}

/** What a file of this content can be sent with. */
export async function signedFor(
  link: Link,
  content: string,
  filename?: string,
): Promise<UploadForm | UploadPut> {
  const { status, body } = await signFile(link, {
    sizeBytes: Buffer.byteLength(content),
    contentType: 'text/plain',
    ...(filename !== undefined && { filename }),
  });
  if (status !== 200) throw new Error(`not signed: ${status} ${JSON.stringify(body)}`);
  const { expiresAt, ...signed } = body as { expiresAt: string } & Record<string, never>;
  return { key: link.key, expiresAt: new Date(expiresAt), ...signed } as UploadForm | UploadPut;
}

/** Runs `upload-once keys …` on the deployment's table. */
export async function keysCommand(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [command, 'keys', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`upload-once keys ${args[0]} ended with ${code}`);
  return output;
}
