import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import {
  type Consumer,
  createConsumer,
  createS3EventHandler,
  type Delivery,
  type ObjectCreated,
} from '@upload-once/queue';
import { createLogger, type MetricName, type Metrics } from '@upload-once/runtime';
import type { Faults } from '@upload-once/table/testing';
import { ACCEPTED_PREFIX, UPLOADS_PREFIX } from '@upload-once/uploads';
import type {
  MemoryObjectStore,
  MemoryReports,
  MemoryUploadEvents,
  MemoryUploadStore,
} from '@upload-once/uploads/testing';
import { observeConsumer } from '@upload-once/worker';
import { createAcceptor } from '../../../services/acceptor/src/create-acceptor.ts';
import { createCallHandler } from '../../../services/processor/src/call-handler.ts';
import { createProcessor } from '../../../services/processor/src/create-processor.ts';
import type { Handler } from '../../../services/processor/src/handler.ts';
import { createThreadRunner } from '../../../services/processor/src/thread-runner.ts';
import { HANDLER_LIMIT_SECONDS } from './limits.ts';
import type { Rules } from './rules.ts';
import { BUCKET } from './simulation/bucket-events.ts';
import { BucketRules } from './simulation/bucket-rules.ts';
import type { FakeQueue } from './simulation/fake-queue.ts';
import { createFakeThread, type InThread } from './simulation/fake-thread.ts';
import type { Caller, Network } from './simulation/network.ts';
import { below, type Random } from './simulation/random.ts';
import { createSqsClient } from './simulation/sqs-client.ts';
import type { VirtualTime } from './simulation/virtual-time.ts';
import type { ServiceName, WorkerProcess } from './simulation/worker-process.ts';

export const VISIBILITY_SECONDS = 30;
const HANDLER_GRACE_SECONDS = 10;
const CONCURRENCY = 2;
const LONG_POLL_SECONDS = 20;

const log = createLogger({ service: 'model', level: 'silent', destination: { write() {} } });

export interface WorkerSurroundings {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly network: Network;
  readonly rules: Rules;
  readonly uploads: MemoryUploadStore;
  readonly objects: MemoryObjectStore;
  readonly reports: MemoryReports;
  readonly webhookEvents: MemoryUploadEvents;
  readonly keptDuplicates: number;
  readonly bucketRules: BucketRules;
  readonly queues: Readonly<Record<ServiceName, FakeQueue>>;
  /** The user's handler, in a thread of a process. */
  readonly handlerIn: (process: WorkerProcess, thread: InThread) => Handler;
  readonly newLeaseOwner: () => string;
}

/** What main.ts of a service makes: its own code over the fakes, behind the real consumer of its queue. */
export function startWorker(process: WorkerProcess, around: WorkerSurroundings): Pick<Consumer, 'stop'> {
  const { time, random, network, rules, queues } = around;
  const isAcceptor = process.service === 'acceptor';
  const callers = new AsyncLocalStorage<Caller>();
  const ports = createPorts(process, callers, around);
  const work = isAcceptor
    ? createAcceptorWork(process, ports, around)
    : createProcessorWork(process, ports, around);

  async function handle(event: ObjectCreated, delivery: Delivery): Promise<void> {
    const caller = { process, event, receivedAtMs: receivedAtMs.get(delivery) ?? 0 };
    await callers.run(caller, () => work(event, delivery));
    rules.isDone(caller, event);
  }

  const receivedAtMs = new WeakMap<Delivery, number>();
  const handleMessage = createS3EventHandler({
    bucket: BUCKET,
    prefix: isAcceptor ? UPLOADS_PREFIX : ACCEPTED_PREFIX,
    handle,
  });
  const queue = queues[process.service];
  const lastPollEnds = Promise.withResolvers<void>();
  const consumer = createConsumer({
    sqs: createSqsClient({
      queue,
      network,
      caller: { process, receivedAtMs: 0 },
      time,
      random,
      lastPollEnds: lastPollEnds.promise,
      onResponse: (operation, isDone) => rules.sqsResponded(process, operation, isDone),
    }),
    queueUrl: process.service,
    concurrency: CONCURRENCY,
    visibilitySeconds: VISIBILITY_SECONDS,
    handle(delivery) {
      receivedAtMs.set(delivery, time.monotonicMs());
      const letGo = rules.takenInFlight(process, delivery);
      return handleMessage(delivery).finally(letGo);
    },
    observe: {
      ...observeConsumer(log, NO_METRICS, () => []),
      deadLettered: (message, error) => rules.deadLettered(process, message, error),
    },
    random,
    clock: process.clock,
  });
  void consumer.start();
  return {
    async stop(limitSeconds) {
      // The last poll has been under way for any part of its time.
      time.after(below(LONG_POLL_SECONDS * 1000, random), lastPollEnds.resolve);
      await consumer.stop(limitSeconds);
    },
  };
}

const NO_METRICS: Metrics = { add() {}, addAll() {}, begin() {}, gauge() {} };

type Work = (event: ObjectCreated, delivery: Delivery) => Promise<void>;
type Ports = ReturnType<typeof createPorts>;

function createAcceptorWork(
  { clock }: WorkerProcess,
  ports: Ports,
  { keptDuplicates, bucketRules }: WorkerSurroundings,
): Work {
  return createAcceptor(
    { ...ports, log, clock },
    {
      keptDuplicates,
      visibilitySeconds: VISIBILITY_SECONDS,
      uploadsProtected: bucketRules === BucketRules.protected,
    },
  );
}

function createProcessorWork(process: WorkerProcess, ports: Ports, around: WorkerSurroundings): Work {
  const { uploads, objects, reports, webhookEvents, metrics } = ports;
  const { clock } = process;
  const runner = createThreadRunner({
    threads: 1,
    aloneThreads: 1,
    startThread: (onAnswer) =>
      createFakeThread({
        call(work, signal, thread) {
          const handler = around.handlerIn(process, thread);
          return createCallHandler({ handler, objects, log })(work, signal);
        },
        onAnswer,
        clock,
      }),
  });
  return createProcessor(
    { uploads, reports, webhookEvents, runner, log, metrics, clock, newLeaseOwner: around.newLeaseOwner },
    {
      keptDuplicates: around.keptDuplicates,
      leaseSeconds: VISIBILITY_SECONDS,
      handlerLimitSeconds: HANDLER_LIMIT_SECONDS,
      handlerGraceSeconds: HANDLER_GRACE_SECONDS,
    },
  );
}

/**
 * Store, bucket, outbox and metrics of one process, so that the model knows who did what: each call is made for the event whose work
 * has made it. A call that several events share is the first one's.
 */
function createPorts(process: WorkerProcess, callers: AsyncLocalStorage<Caller>, around: WorkerSurroundings) {
  const way: Faults = {
    carry: (call, act) =>
      around.network.over(callers.getStore() ?? { process, receivedAtMs: 0 }).carry(call, act),
  };
  /** What a kill loses of gathered values is left out: a rule is about what is counted, for which event. */
  function count(name: MetricName, value: number): void {
    const caller = callers.getStore();
    if (!caller?.event) throw new Error(`${name} is counted for no event`);
    around.rules.counted(caller, caller.event, name, value);
  }
  const metrics: Metrics = {
    add: count,
    addAll(values) {
      for (const [name, value] of Object.entries(values)) count(name as MetricName, value);
    },
    begin() {},
    gauge() {},
  };
  const bucket = around.objects.over(way);
  const objects: typeof bucket = {
    ...bucket,
    /** The acceptor asks this of accepted/ only after a copy was refused because there was one already. */
    async head(key, versionId) {
      const found = await bucket.head(key, versionId);
      if (!found && key.startsWith(ACCEPTED_PREFIX)) around.rules.copyWasTaken();
      return found;
    },
  };
  const { clock } = process;
  // As in the services' main.ts.
  const reads = {
    clock,
    random: around.random,
    nextTurn: (callback: () => void) => void clock.after(0, AsyncResource.bind(callback)),
  };
  const uploads = around.uploads.over(way, process.service === 'acceptor' ? reads : undefined);
  return {
    uploads,
    objects,
    reports: around.reports.over(way),
    webhookEvents: around.webhookEvents.over(way),
    metrics,
  };
}
