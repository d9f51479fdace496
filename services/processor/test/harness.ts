import { setImmediate } from 'node:timers/promises';
import { type Delivery, type ObjectCreated, VisibilityLost } from '@upload-once/queue';
import { createLogger, createMetrics } from '@upload-once/runtime';
import { acceptedKeyOf } from '@upload-once/uploads';
import {
  createFaultScript,
  createMemoryObjectStore,
  createMemoryReports,
  createMemoryUploadStore,
} from '@upload-once/uploads/testing';
import type { Handler } from '../src/handler.ts';
import type { HandlerRunner } from '../src/handler-runner.ts';
import { createInThreadRunner } from '../src/in-thread-runner.ts';
import { createLeaseKeeper } from '../src/lease-keeper.ts';
import { createProcessAccepted } from '../src/process-accepted.ts';
import { createRunHandler } from '../src/run-handler.ts';
import { createWorkUnderLease } from '../src/work-under-lease.ts';

export const LEASE_SECONDS = 60;
const LIMIT_SECONDS = 5;

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
 * A processor over the fakes, with a handler of the test's own.
 * @param passesAtOnce what waits in flight goes on at once, and is told here
 * @param runner what runs the handlers; by default the test's own thread does
 */
export function createHarness(
  handler: Handler,
  passesAtOnce?: (seconds: number) => void,
  runner?: HandlerRunner,
) {
  const clock = { now: new Date('2026-01-01T00:00:00.000Z') };
  const tableFaults = createFaultScript();
  let serial = 0;
  const uploads = createMemoryUploadStore({
    now: () => clock.now,
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds: 60,
    faults: tableFaults,
  });
  const objects = createMemoryObjectStore({ now: () => clock.now });
  const metricLines: Record<string, unknown>[] = [];
  const logLines: Record<string, unknown>[] = [];
  const metrics = createMetrics({
    service: 'processor',
    environment: 'test',
    now: () => clock.now,
    write: (line) => metricLines.push(JSON.parse(line)),
  });
  const log = createLogger({
    service: 'processor',
    level: 'info',
    destination: { write: (line) => logLines.push(JSON.parse(line)) },
  });
  const timers = new Set<() => void>();
  const handlers = runner ?? createInThreadRunner({ handler, objects, log });
  const runs: { attempt: number; isAlone: boolean }[] = [];
  const runHandler = createRunHandler({
    runner: {
      start(work, options) {
        runs.push({ attempt: work.attempt, isAlone: options.isAlone });
        return handlers.start(work, options);
      },
    },
    log,
    limitSeconds: LIMIT_SECONDS,
    graceSeconds: LIMIT_SECONDS,
    startTimer(seconds, callback) {
      // A handler that is deaf to the end of its work is ended at once.
      if (seconds !== LIMIT_SECONDS) queueMicrotask(callback);
      else timers.add(callback);
      return () => timers.delete(callback);
    },
  });
  const now = () => clock.now;
  const leaseTimers = new Set<{ atMs: number; callback: () => void }>();
  const keepLease = createLeaseKeeper({
    uploads,
    log,
    leaseSeconds: LEASE_SECONDS,
    now,
    startTimer(seconds, callback) {
      const timer = { atMs: clock.now.getTime() + seconds * 1000, callback };
      leaseTimers.add(timer);
      return () => leaseTimers.delete(timer);
    },
  });
  const pauses: { seconds: number; end: () => void }[] = [];
  let paused = Promise.withResolvers<void>();
  async function pause(seconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (passesAtOnce) return passesAtOnce(seconds);
    const ended = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => ended.reject(signal.reason), { once: true });
    pauses.push({ seconds, end: ended.resolve });
    paused.resolve();
    await ended.promise;
  }
  const reports = createMemoryReports();
  const processAccepted = createProcessAccepted({
    uploads,
    reports,
    keptDuplicates: 3,
    workUnderLease: createWorkUnderLease({
      uploads,
      runHandler,
      keepLease,
      log,
      metrics,
      leaseSeconds: LEASE_SECONDS,
      pause,
    }),
    log,
    metrics,
    leaseSeconds: LEASE_SECONDS,
    now,
    newLeaseOwner: () => `owner-${++serial}`,
    pause,
  });

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
  async function issued(metadata: Readonly<Record<string, string>> = { customer: '42' }) {
    const key = `uploads/file-${++serial}`;
    await uploads.issue({
      key,
      apiKeyId: 'key-1',
      issuedAt: clock.now,
      expiresAt: clock.now,
      constraints: { method: 'post', minBytes: 0, maxBytes: 100 },
      metadata,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    return { key, event: createdEvent(acceptedKeyOf(key)) };
  }

  return {
    clock,
    uploads,
    objects,
    reports: reports.sent,
    tableFaults,
    logLines,
    /** What the runner of handlers was asked for. */
    runs,
    /** The handlers' time limits that are running. */
    timers,
    /** The ends of leases, and the renewals that are to be made again. */
    leaseTimers,
    processAccepted,
    createdEvent,

    issued,

    /** An upload that was claimed and copied; recorded as accepted unless the event is to be faster. */
    async accepted({
      recorded = true,
      metadata,
    }: {
      readonly recorded?: boolean;
      readonly metadata?: Readonly<Record<string, string>>;
    } = {}) {
      const { key, event } = await issued(metadata);
      await uploads.claim(key, { versionId: 'v1', eTag: 'e', sizeBytes: 5, storedAt: clock.now });
      const accept = () =>
        uploads.accept(key, { claimedVersionId: 'v1', acceptedVersionId: event.versionId });
      if (recorded) await accept();
      return { key, event, accept };
    },

    /** Resolves when a message begins to wait in flight. */
    async nextPause() {
      await paused.promise;
      paused = Promise.withResolvers();
      const pause = pauses.shift();
      if (!pause) throw new Error('nothing waits');
      return pause;
    },

    /** Time in which every worker is asleep: no timer is called. */
    pass(seconds: number) {
      clock.now = new Date(clock.now.getTime() + seconds * 1000);
    },

    /** Time in which the workers are awake: the timers of their leases are called. */
    async passAwake(seconds: number) {
      const endMs = clock.now.getTime() + seconds * 1000;
      for (;;) {
        await setImmediate();
        const [next] = [...leaseTimers].sort((a, b) => a.atMs - b.atMs);
        if (!next || next.atMs > endMs) break;
        leaseTimers.delete(next);
        clock.now = new Date(Math.max(next.atMs, clock.now.getTime()));
        next.callback();
      }
      clock.now = new Date(endMs);
    },

    /** The handlers' time limits pass, and the grace that comes after them. */
    async passLimit() {
      await setImmediate();
      for (const callback of timers) callback();
    },

    /** The sum of all values that were written of a metric. */
    total(name: string): number {
      return metricLines.reduce((sum, line) => sum + Number(line[name] ?? 0), 0);
    },
  };
}
