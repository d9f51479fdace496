import type { ObjectCreated } from '@upload-once/queue';
import { createFaultScript } from '@upload-once/table/testing';
import type { Traces } from '@upload-once/tracing';
import { acceptedKeyOf, type NewUpload, reportIdOf } from '@upload-once/uploads';
import {
  createMemoryObjectStore,
  createMemoryReports,
  createMemoryUploadStore,
  newUpload,
} from '@upload-once/uploads/testing';
import { createMessageTraces } from '@upload-once/worker';
import { recordOutput } from '../../../test/support/record-output.ts';
import { createAcceptor } from '../src/create-acceptor.ts';

type Worker = ReturnType<typeof createAcceptor>;
type HarnessOptions = NonNullable<Parameters<typeof createHarness>[0]>;

/** An acceptor over the fakes: what clients and S3 do is done by the test, what the acceptor makes of it is looked at. */
export function createHarness({
  keptDuplicates = 10,
  digest,
  uploadsProtected = false,
  traces,
}: {
  keptDuplicates?: number;
  digest?: 'MD5' | 'CRC32' | 'none';
  uploadsProtected?: boolean;
  traces?: Traces;
} = {}) {
  const clock = { now: new Date('2026-01-01T00:00:00.000Z') };
  const tableFaults = createFaultScript();
  const bucketFaults = createFaultScript();
  const reportFaults = createFaultScript();
  let serial = 0;
  const later: { readonly delayMs: number; readonly callback: () => void }[] = [];
  /** What comes within a second, as soon as what is under way has had its turn; what comes later, when the test says so. */
  function after(delayMs: number, callback: () => void): () => void {
    if (delayMs > 1_000) {
      const timer = { delayMs, callback };
      later.push(timer);
      return () => later.splice(later.indexOf(timer), 1);
    }
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  }
  const uploads = createMemoryUploadStore({
    now: () => clock.now,
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds: 60,
    faults: tableFaults,
  });
  const objects = createMemoryObjectStore({
    now: () => clock.now,
    faults: bucketFaults,
    ...(digest && { digest }),
  });
  const output = recordOutput('acceptor', () => clock.now);
  const { log, metrics } = output;
  const reports = createMemoryReports({ faults: reportFaults });
  /** A process of its own: it shares and remembers nothing. */
  const startWorker = () =>
    createAcceptor(
      {
        // As in main.ts.
        uploads: uploads.over(tableFaults, {}),
        objects,
        reports,
        log,
        metrics,
        clock: { now: () => clock.now, after },
        traces: createMessageTraces(traces, 'https://sqs.example/1/upload-events'),
      },
      { keptDuplicates, visibilitySeconds: 60, uploadsProtected },
    );

  return {
    clock,
    uploads,
    objects,
    tableFaults,
    bucketFaults,
    reportFaults,
    ...output,

    /** Everything that waits for a later time. */
    passLater: () => later.splice(0).map(({ callback }) => callback()).length,

    /** How long each of that waits. */
    laterMs: () => later.map(({ delayMs }) => delayMs),

    /** The ids of all reports that were sent, in order. */
    reportIds: () => reports.sent.map(reportIdOf),
    reports: reports.sent,

    startWorker,

    async issue(changes: Partial<NewUpload> = {}): Promise<string> {
      const key = `uploads/file-${++serial}`;
      await uploads.issue(newUpload(key, { issuedAt: clock.now, expiresAt: clock.now, ...changes }));
      return key;
    },

    /** A client's finished POST or PUT, and the event that S3 will tell of it. */
    upload(
      key: string,
      text: string,
      by: 'Post' | 'Put' = 'Post',
      metadata: Record<string, string> = { of: text },
    ): ObjectCreated {
      clock.now = new Date(clock.now.getTime() + 1234);
      const version = objects.put(key, Buffer.from(text), {
        contentType: 'text/plain',
        metadata,
      });
      return {
        bucket: 'bucket',
        key,
        versionId: version.versionId,
        eTag: version.eTag,
        sizeBytes: version.sizeBytes,
        sequencer: '',
        eventName: `ObjectCreated:${by}`,
        storedAt: version.storedAt,
      };
    },

    /** What another hand puts under accepted/, by default just as the acceptor would have copied this upload. */
    plant(key: string, text: string, attributes = { contentType: 'text/plain', metadata: { of: text } }) {
      return objects.put(acceptedKeyOf(key), Buffer.from(text), attributes).versionId;
    },

    /** By default as the first of several receives, to a worker of its own. */
    deliver(
      event: ObjectCreated,
      delivery: Partial<Parameters<Worker>[1]> = {},
      worker: Worker = startWorker(),
    ): Promise<void> {
      const { signal } = new AbortController();
      return worker(event, {
        signal,
        receiveCount: 1,
        isLastReceive: false,
        stepAside: () => undefined,
        ...delivery,
      });
    },

    async versionIds(key: string): Promise<string[]> {
      return (await objects.listVersions(key)).map(({ versionId }) => versionId);
    },

    async acceptedText(key: string): Promise<string | undefined> {
      const accepted = await objects.head(acceptedKeyOf(key));
      if (!accepted) return undefined;
      const opened = await objects.open(acceptedKeyOf(key), accepted.versionId);
      return opened && (await opened.body.toArray()).join('');
    },
  };
}

/** A harness in which one upload was issued. */
export async function issued(options?: HarnessOptions) {
  const harness = createHarness(options);
  return { harness, key: await harness.issue() };
}

/** As `issued`; and its client has uploaded this, which no worker knows yet. */
export async function uploaded(text: string, options?: HarnessOptions) {
  const { harness, key } = await issued(options);
  return { harness, key, event: harness.upload(key, text) };
}
