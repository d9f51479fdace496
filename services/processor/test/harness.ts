import { setImmediate } from 'node:timers/promises';
import { type Delivery, type ObjectCreated, VisibilityLost } from '@upload-once/queue';
import { createFaultScript } from '@upload-once/table/testing';
import type { Traces } from '@upload-once/tracing';
import { acceptedKeyOf } from '@upload-once/uploads';
import {
  createMemoryObjectStore,
  createMemoryReports,
  createMemoryUploadEvents,
  createMemoryUploadStore,
  newUpload,
} from '@upload-once/uploads/testing';
import { createMessageTraces } from '@upload-once/worker';
import { Journal } from '../../../test/support/journal.ts';
import { recordOutput } from '../../../test/support/record-output.ts';
import { createProcessor } from '../src/create-processor.ts';
import type { Handler } from '../src/handler.ts';
import type { HandlerRunner } from '../src/handler-runner.ts';
import { createInThreadRunner } from '../src/in-thread-runner.ts';

export const LEASE_SECONDS = 60;
/** Longer than any test that is not about it. */
const LIMIT_SECONDS = 1_000;

/** Does what these handlers do, one after the other; then it succeeds. */
export function inTurn(...handlers: Handler[]): Handler {
  return (upload, context) => handlers.shift()?.(upload, context) ?? Promise.resolve();
}

/**
 * A delivery whose heartbeats and end are in the test's hands.
 * @param facts.isLastReceiveWhenRenewed what is found when the queue is asked again for its limit; by default what was known
 */
export function createDelivery(
  facts: { receiveCount?: number; isLastReceive?: boolean; isLastReceiveWhenRenewed?: boolean } = {},
) {
  let isLastReceive = facts.isLastReceive ?? false;
  const cutOff = new AbortController();
  const listeners = new Set<() => Promise<void>>();
  const delivery: Delivery = {
    messageId: 'message-1',
    body: '',
    receiveCount: facts.receiveCount ?? 1,
    get isLastReceive() {
      return isLastReceive;
    },
    signal: cutOff.signal,
    onHeartbeat(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async renewReceiveLimit() {
      isLastReceive = facts.isLastReceiveWhenRenewed ?? isLastReceive;
    },
    stepAside: () => undefined,
  };
  return {
    delivery,
    cutOff: (reason: Error = new VisibilityLost('gone')) => cutOff.abort(reason),
    /** What the consumer does at each heartbeat: a listener that rejects ends the delivery. */
    async heartbeat() {
      for (const listener of listeners) await listener().catch((error) => cutOff.abort(error));
    },
  };
}

/**
 * A processor over the fakes, with a handler of the test's own, in time that the test moves.
 * @param options.runner what runs the handlers; by default the test's own thread does
 * @param options.hasWebhooks by default there are none
 */
export function createHarness(
  handler: Handler,
  options: {
    readonly runner?: HandlerRunner;
    readonly limitSeconds?: number;
    readonly graceSeconds?: number;
    readonly hasWebhooks?: boolean;
    readonly traces?: Traces;
  } = {},
) {
  const clock = { now: new Date('2026-01-01T00:00:00.000Z') };
  const timers = new Set<{ atMs: number; callback: () => void }>();
  const delays = new Journal<number>();
  const tableFaults = createFaultScript();
  let serial = 0;
  const uploads = createMemoryUploadStore({
    now: () => clock.now,
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds: 60,
    faults: tableFaults,
  });
  const objects = createMemoryObjectStore({ now: () => clock.now });
  const output = recordOutput('processor', () => clock.now);
  const { log, metrics } = output;
  const { traces } = options;
  const handlers =
    options.runner ??
    createInThreadRunner({
      handler,
      objects,
      log,
      ...(traces && { recordSpan: traces.record }),
    });
  const runs: { attempt: number; isAlone: boolean }[] = [];
  const reportFaults = createFaultScript();
  const reports = createMemoryReports({ faults: reportFaults });
  const webhookFaults = createFaultScript();
  const webhookEvents = createMemoryUploadEvents({ faults: webhookFaults });
  const processAccepted = createProcessor(
    {
      uploads,
      reports,
      ...(options.hasWebhooks && { webhookEvents }),
      runner: {
        start(work, options) {
          runs.push({ attempt: work.attempt, isAlone: options.isAlone });
          return handlers.start(work, options);
        },
      },
      log,
      metrics,
      clock: {
        now: () => clock.now,
        after(delayMs, callback) {
          const timer = { atMs: clock.now.getTime() + delayMs, callback };
          timers.add(timer);
          delays.add(delayMs);
          return () => timers.delete(timer);
        },
      },
      newLeaseOwner: () => `owner-${++serial}`,
      traces: createMessageTraces(traces, 'https://sqs.example/1/accepted-events'),
    },
    {
      keptDuplicates: 3,
      leaseSeconds: LEASE_SECONDS,
      handlerLimitSeconds: options.limitSeconds ?? LIMIT_SECONDS,
      handlerGraceSeconds: options.graceSeconds ?? LIMIT_SECONDS,
    },
  );

  /** Calls the timer that is due first, if it is due by then. */
  function callNextTimer(untilMs: number): boolean {
    const [next] = [...timers].sort((a, b) => a.atMs - b.atMs);
    if (!next || next.atMs > untilMs) return false;
    timers.delete(next);
    clock.now = new Date(Math.max(next.atMs, clock.now.getTime()));
    next.callback();
    return true;
  }

  function createdEvent(key: string, text = 'hello'): ObjectCreated {
    const version = objects.put(key, Buffer.from(text), {
      contentType: 'text/plain',
      metadata: { of: 'mine' },
    });
    return {
      bucket: 'bucket',
      key,
      versionId: version.versionId,
      eTag: version.eTag,
      sizeBytes: version.sizeBytes,
      sequencer: '',
      eventName: 'ObjectCreated:Copy',
      storedAt: version.storedAt,
    };
  }

  /** An upload that was only issued, and an object under accepted/ nevertheless. */
  async function issued(metadata: Readonly<Record<string, string>> = { customer: '42' }, filename?: string) {
    const key = `uploads/file-${++serial}`;
    await uploads.issue(
      newUpload(key, {
        issuedAt: clock.now,
        expiresAt: clock.now,
        constraints: { method: 'post', minBytes: 0, maxBytes: 100, ...(filename && { filename }) },
        metadata,
      }),
    );
    return { key, event: createdEvent(acceptedKeyOf(key)) };
  }

  return {
    clock,
    uploads,
    objects,
    reports: reports.sent,
    reportFaults,
    webhookEvents: webhookEvents.sent,
    webhookFaults,
    tableFaults,
    ...output,
    /** What the runner of handlers was asked for. */
    runs,
    /** Time limits of handlers, ends of leases, renewals that are to be made again, and waits. */
    timers,
    processAccepted,
    createdEvent,

    issued,

    /** An upload that was claimed and copied; recorded as accepted unless the event is to be faster. */
    async accepted({
      recorded = true,
      metadata,
      filename,
      acceptedFilename,
    }: {
      readonly recorded?: boolean;
      readonly metadata?: Readonly<Record<string, string>>;
      readonly filename?: string;
      /** As the acceptor records it for a file that came by a link. */
      readonly acceptedFilename?: string;
    } = {}) {
      const { key, event } = await issued(metadata, filename);
      await uploads.claim(key, { versionId: 'v1', eTag: 'e', sizeBytes: 5, storedAt: clock.now });
      const accept = () =>
        uploads.accept(key, {
          claimedVersionId: 'v1',
          acceptedVersionId: event.versionId,
          ...(acceptedFilename && { filename: acceptedFilename }),
        });
      if (recorded) await accept();
      return { key, event, accept };
    },

    /** One delivery, by default the first of several, which nothing cuts off. */
    deliver: (event: ObjectCreated, facts?: Parameters<typeof createDelivery>[0]) =>
      processAccepted(event, createDelivery(facts).delivery),

    /** Resolves when so many timers of this delay have been set since the start: a lease and a wait can have the same. */
    timerSet: (seconds: number, count = 1) =>
      delays.until((delaysMs) => delaysMs.filter((delayMs) => delayMs === seconds * 1000).length >= count),

    /** Time in which every worker is asleep: no timer is called. */
    pass(seconds: number) {
      clock.now = new Date(clock.now.getTime() + seconds * 1000);
    },

    /** Time in which the workers are awake. */
    async passAwake(seconds: number) {
      const endMs = clock.now.getTime() + seconds * 1000;
      do await setImmediate();
      while (callNextTimer(endMs));
      clock.now = new Date(Math.max(endMs, clock.now.getTime()));
    },

    /** As much time as this work takes. @returns so many seconds */
    async passUntilSettled(work: Promise<unknown>): Promise<number> {
      const startMs = clock.now.getTime();
      let isSettled = false;
      const settle = () => {
        isSettled = true;
      };
      void work.then(settle, settle);
      for (;;) {
        await setImmediate();
        if (isSettled) return (clock.now.getTime() - startMs) / 1000;
        callNextTimer(Number.POSITIVE_INFINITY);
      }
    },
  };
}
