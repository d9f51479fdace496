import type { Clock } from '@upload-once/clock';
import type { Delivery, ObjectCreated } from '@upload-once/queue';
import type { Logger, Metrics } from '@upload-once/runtime';
import type { Reports, UploadEvents, UploadStore } from '@upload-once/uploads';
import type { MessageTraces } from '@upload-once/worker';
import { createEventSender } from './event-sender.ts';
import type { HandlerRunner } from './handler-runner.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { createProcessAccepted } from './process-accepted.ts';
import { createRunHandler } from './run-handler.ts';
import { traceProcessor } from './trace-processor.ts';
import { createWorkUnderLease } from './work-under-lease.ts';

export interface ProcessorPorts {
  readonly uploads: UploadStore;
  readonly reports: Reports;
  /** Undefined: there are no webhooks. */
  readonly webhookEvents?: UploadEvents;
  /** Runs the user's handler. */
  readonly runner: HandlerRunner;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Unique to each call: who holds a lease. */
  readonly newLeaseOwner: () => string;
  /** Undefined: no spans are made. */
  readonly traces?: MessageTraces | undefined;
}

export interface ProcessorSettings {
  /** The service's KEPT_DUPLICATES. */
  readonly keptDuplicates: number;
  /** As long as the visibility of the message, the service's VISIBILITY_SECONDS. */
  readonly leaseSeconds: number;
  readonly handlerLimitSeconds: number;
  /** How long a handler may go on after its limit, before its thread is ended. */
  readonly handlerGraceSeconds: number;
}

/**
 * The processor's work on one event, composed from its ports. Create it once for a process: it works on one suspect
 * at a time.
 */
export function createProcessor(
  ports: ProcessorPorts,
  settings: ProcessorSettings,
): (event: ObjectCreated, delivery: Delivery) => Promise<void> {
  if (ports.traces) {
    const { watch, ...traced } = traceProcessor(ports, ports.traces);
    return watch(createProcessor({ ...traced, traces: undefined }, settings));
  }
  const { runner, log, metrics, clock } = ports;
  const { keptDuplicates, leaseSeconds, handlerLimitSeconds, handlerGraceSeconds } = settings;
  const runHandler = createRunHandler({
    runner,
    log,
    limitSeconds: handlerLimitSeconds,
    graceSeconds: handlerGraceSeconds,
    clock,
  });
  const keepLease = createLeaseKeeper({ ...ports, leaseSeconds });
  const sendEvent = createEventSender(ports);
  const workUnderLease = createWorkUnderLease({ ...ports, runHandler, keepLease, sendEvent, leaseSeconds });
  const processAccepted = createProcessAccepted({
    ...ports,
    workUnderLease,
    sendEvent,
    keptDuplicates,
    leaseSeconds,
  });
  return async (event, delivery) => {
    if (delivery.receiveCount === 1)
      metrics.add('QueueTime', Math.max(0, clock.now().getTime() - event.storedAt.getTime()));
    await processAccepted(event, delivery);
  };
}
