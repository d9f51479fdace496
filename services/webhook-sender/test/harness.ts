import { Postponed } from '@upload-once/queue';
import { lookupName } from '@upload-once/runtime';
import { createFaultScript } from '@upload-once/table/testing';
import type { Traces } from '@upload-once/tracing';
import { UploadEventType, writeReport, writeUploadEvent } from '@upload-once/uploads';
import { createMemoryUploadStore, newUpload } from '@upload-once/uploads/testing';
import { createMessageTraces } from '@upload-once/worker';
import type { Test } from 'tap';
import { recordOutput } from '../../../test/support/record-output.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../../test/support/webhook-receiver.ts';
import { createWebhookSender, type WebhookSenderPorts } from '../src/create-webhook-sender.ts';
import type { Endpoint } from '../src/endpoints.ts';
import { createPost } from '../src/post.ts';
import { WebhookType } from '../src/webhook-event.ts';

export const SECRET = Buffer.alloc(32, 'a secret of a test');

export function endpointAt(
  { origin }: Pick<WebhookReceiver, 'origin'>,
  changes: Partial<Endpoint> = {},
): Endpoint {
  const types = new Set(Object.values(WebhookType));
  return {
    url: new URL(`${origin}/hooks?token=hidden`),
    secrets: [SECRET],
    types,
    isAllowed: true,
    ...changes,
  };
}

interface HarnessOptions {
  readonly concurrency?: number;
  readonly random?: () => number;
  /** For each API key; by default there is only a default endpoint, the receiver's. */
  readonly byApiKey?: ReadonlyMap<string, Endpoint>;
  readonly default?: Endpoint | undefined;
  /** When its time begins. */
  readonly startAt?: Date;
  readonly downloadUrlOf?: WebhookSenderPorts['downloadUrlOf'];
  readonly traces?: Traces;
}

/** A sender over the fake of the table, and a receiver that it really reaches, in time that the test moves. */
export async function createHarness(t: Test, options: HarnessOptions = {}) {
  const { concurrency = 4, random = () => 0.5, byApiKey = new Map(), downloadUrlOf } = options;
  const clock = new VirtualClock(options.startAt);
  const faults = createFaultScript();
  let serial = 0;
  const uploads = createMemoryUploadStore({
    now: () => clock.now(),
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds: 60,
    faults,
  });
  const receiver = await startWebhookReceiver(t);
  const output = recordOutput('webhook-sender', () => clock.now());
  const endpoints = { default: 'default' in options ? options.default : endpointAt(receiver), byApiKey };

  /** A process of its own: it remembers nothing. */
  const startSender = () =>
    createWebhookSender(
      {
        uploads,
        post: createPost({ lookup: lookupName, clock }),
        downloadUrlOf,
        log: output.log,
        metrics: output.metrics,
        clock,
        random,
        traces: createMessageTraces(options.traces, 'https://sqs.example/1/webhooks'),
      },
      { endpoints, bucket: 'bucket', concurrency, userAgent: 'upload-once/test' },
    );
  const sender = startSender();

  return {
    clock,
    faults,
    uploads,
    receiver,
    startSender,
    ...output,

    /** An upload in this state. @returns its key */
    async upload(state: 'PROCESSED' | 'PROCESSING' = 'PROCESSED', apiKeyId = 'key-1'): Promise<string> {
      const key = `uploads/file-${++serial}`;
      await uploads.issue(
        newUpload(key, {
          apiKeyId,
          issuedAt: clock.now(),
          expiresAt: clock.now(),
          constraints: { method: 'post', minBytes: 0, maxBytes: 100, filename: 'Zählerstand.pdf' },
          metadata: { customer: '42' },
        }),
      );
      await uploads.claim(key, { versionId: 'v1', eTag: '"e"', sizeBytes: 7, storedAt: clock.now() });
      await uploads.accept(key, { claimedVersionId: 'v1', acceptedVersionId: 'a1' });
      const lease = { acceptedVersionId: 'a1', leaseOwner: key, leaseSeconds: 60 };
      const start = await uploads.startProcessing(key, lease);
      if (state === 'PROCESSED') await uploads.finish(key, start.upload?.attempt ?? 0);
      return key;
    },

    processed: (key: string) =>
      writeUploadEvent({ type: UploadEventType.processed, key, acceptedVersionId: 'a1', at: clock.now() }),

    failed: (key: string, reason?: string, attempt = 1) =>
      writeUploadEvent({
        type: UploadEventType.failed,
        key,
        acceptedVersionId: 'a1',
        at: clock.now(),
        attempt,
        ...(reason !== undefined && { reason }),
      }),

    duplicate: (key: string, versionId = 'v2') =>
      writeReport({
        observedVersion: {
          key,
          kind: 'duplicate',
          versionId,
          eTag: '"f"',
          sizeBytes: 9,
          storedAt: clock.now(),
          recordedAt: clock.now(),
          reported: false,
        },
      }),

    /** One receive of a message. */
    deliver: (
      body: string,
      { signal = new AbortController().signal, worker = sender, receiveCount = 1 } = {},
    ) => worker({ body, signal, receiveCount }),

    /** One receive that ends in another message; with it, and what it waits for. */
    async postponed(body: string): Promise<Postponed> {
      const thrown = await sender({ body, signal: new AbortController().signal }).then(
        () => undefined,
        (error) => error,
      );
      if (!(thrown instanceof Postponed)) throw thrown ?? new Error('the message was handled');
      return thrown;
    },
  };
}
