import { setTimeout as delay } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { requestUpload, uploadFile } from '@upload-once/client';
import { type Counts, difference } from '../metered/counts.ts';
import { cpuSeconds } from '../process-cpu.ts';
import { queueDepth } from '../queue-depth.ts';
import { type HeldEvents, holdEvents } from './held-events.ts';
import type { MeteredStack } from './metered-stack.ts';
import type { RoundFigures, ServiceName, UploadKind } from './results.ts';

/** Requests and uploads of the client at once. */
const CLIENTS = 16;
const BETWEEN_LOOKS_MS = 20;
/** Until what a service has gathered is written, after a second, and read here. */
const LOG_DELAY_MS = 1_500;

export interface Batch {
  readonly uploads: number;
  readonly counts: Readonly<Record<ServiceName, Counts>>;
  readonly times: Readonly<Record<ServiceName, RoundFigures>>;
}

/** Sends what was asked for with one request. */
type Send = () => Promise<unknown>;

/**
 * Takes so many uploads from the request to PROCESSED. One service after the other does its part for all of them, so that each has its core
 * for itself; a frozen process gets its backlog before it begins. On AWS as well, S3's event of a copy comes when the acceptance is on record.
 */
export async function createRunBatch(stack: MeteredStack, sizeBytes: number) {
  const { services, queues, endpoints, issuerUrl } = {
    ...stack,
    issuerUrl: stack.services['url-issuer'].url,
  };
  const content = new Uint8Array(sizeBytes);
  const sqs = new SQSClient({
    region: stack.region,
    endpoint: endpoints.sqs,
    credentials: stack.credentials,
  });
  const events: HeldEvents = await holdEvents(endpoints.control);
  const request: Readonly<Record<UploadKind, () => Promise<Send>>> = { form: requestForm, put: requestPut };

  async function requestForm(): Promise<Send> {
    const form = await requestUpload({ issuerUrl, apiKey: stack.apiKey });
    return () => uploadFile({ form, file: { blob: new Blob([content]), name: 'small' } });
  }

  async function requestPut(): Promise<Send> {
    const body = JSON.stringify({ method: 'put', minBytes: sizeBytes, maxBytes: sizeBytes });
    const headers = { 'x-api-key': stack.apiKey, 'content-type': 'application/json' };
    const put = await asJson(await fetch(`${issuerUrl}/v1/uploads`, { method: 'POST', headers, body }));
    return async () => assertOk(await fetch(put.url, { method: 'PUT', headers: put.headers, body: content }));
  }

  async function timed(name: ServiceName, uploads: number, work: () => Promise<void>): Promise<RoundFigures> {
    const { pid } = services[name].process;
    const [cpuBefore, startedAtMs] = [cpuSeconds(pid), performance.now()];
    await work();
    return {
      cpuMicroseconds: Math.round(((cpuSeconds(pid) - cpuBefore) * 1e6) / uploads),
      perSecond: Math.round((uploads * 1_000) / (performance.now() - startedAtMs)),
    };
  }

  /** From the first receive to the last deletion of these events' messages. */
  async function consume(
    name: 'acceptor' | 'processor',
    eventIds: readonly string[],
    queueUrl: string,
  ): Promise<RoundFigures> {
    const consumer = services[name].process;
    consumer.signal('SIGSTOP');
    await events.send(eventIds);
    return timed(name, eventIds.length, async () => {
      consumer.signal('SIGCONT');
      while ((await queueDepth(sqs, queueUrl)) > 0) await delay(BETWEEN_LOOKS_MS);
    });
  }

  const countAll = () => byService((name) => services[name].counts());

  async function runBatch(kind: UploadKind, uploads: number): Promise<Batch> {
    const before = countAll();
    const sends: Send[] = [];
    const issuer = await timed('url-issuer', uploads, () =>
      atOnce(uploads, async () => void sends.push(await request[kind]())),
    );
    await atOnce(uploads, async () => void (await sends.pop()?.()));
    const acceptor = await consume(
      'acceptor',
      await events.whenHeld('uploads/', uploads),
      queues.uploadEvents,
    );
    const copied = await events.whenHeld('accepted/', uploads);
    const processor = await consume('processor', copied, queues.acceptedEvents);
    await delay(LOG_DELAY_MS);
    const after = countAll();
    const counts = byService((name) => difference(after[name], before[name]));
    return { uploads, counts, times: { 'url-issuer': issuer, acceptor, processor } };
  }

  return { runBatch, close: () => sqs.destroy() };
}

export function byService<T>(of: (name: ServiceName) => T): Record<ServiceName, T> {
  return { 'url-issuer': of('url-issuer'), acceptor: of('acceptor'), processor: of('processor') };
}

async function atOnce(times: number, work: () => Promise<void>): Promise<void> {
  let left = times;
  const workAll = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: CLIENTS }, workAll));
}

async function assertOk(response: Response): Promise<void> {
  const text = await response.text();
  if (!response.ok) throw new Error(`the client got ${response.status}: ${text}`);
}

async function asJson(response: Response) {
  const body = (await response.json()) as { readonly url: string; readonly headers: Record<string, string> };
  if (!response.ok)
    throw new Error(`the url-issuer responded with ${response.status}: ${JSON.stringify(body)}`);
  return body;
}
