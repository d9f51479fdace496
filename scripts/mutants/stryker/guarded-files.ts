// Over 250 lines: a list, one entry a file.

/** A file that keeps promises, and the tests that have to notice whatever Stryker changes in it. */
export interface GuardedFile {
  /** From the top of the repository, as all paths here. */
  readonly file: string;
  /** The fast ones first: Stryker runs the next one only where those before it have passed. */
  readonly tests: readonly string[];
  /** The last run, of all mutants of the file. */
  readonly measured: Measured;
}

export interface Measured {
  /** A mutant with which the tests go on without an end is killed as well. */
  readonly killed: number;
  readonly mutants: number;
  /** ISO date. */
  readonly on: string;
}

/** Percent of the mutants that the tests have to kill: the score that was measured, rounded down. */
export function thresholdOf({ measured }: GuardedFile): number {
  return Math.floor((100 * measured.killed) / measured.mutants);
}

/** A file that is added here is measured first: `FILE=path make mutants` prints what stands in `measured`. */
export const guardedFiles: readonly GuardedFile[] = [
  {
    file: 'packages/client/src/upload-verdict.ts',
    tests: ['packages/client/test/upload-verdict.test.ts'],
    measured: { killed: 115, mutants: 118, on: '2026-11-30' },
  },
  {
    file: 'packages/queue/src/delete-batcher.ts',
    tests: ['packages/queue/test/delete-batcher.test.ts', 'packages/queue/test/deletes.test.ts'],
    measured: { killed: 63, mutants: 65, on: '2026-11-30' },
  },
  {
    file: 'packages/queue/src/delete-held.ts',
    tests: ['packages/queue/test/deletes.test.ts'],
    measured: { killed: 24, mutants: 26, on: '2026-11-30' },
  },
  {
    file: 'packages/queue/src/delivery-run.ts',
    tests: [
      'packages/queue/test/outcomes.test.ts',
      'packages/queue/test/receive-limit.test.ts',
      'packages/queue/test/copies.test.ts',
      'packages/queue/test/deletes.test.ts',
      'packages/queue/test/stop.test.ts',
      'packages/queue/test/heartbeat.test.ts',
      'packages/queue/test/concurrency.test.ts',
    ],
    measured: { killed: 191, mutants: 192, on: '2026-11-30' },
  },
  {
    file: 'packages/queue/src/longest-time-in-queue.ts',
    tests: ['packages/queue/test/longest-time-in-queue.test.ts'],
    measured: { killed: 8, mutants: 8, on: '2026-11-30' },
  },
  {
    file: 'packages/queue/src/receive-limit.ts',
    tests: ['packages/queue/test/read-receive-limit.test.ts', 'packages/queue/test/receive-limit.test.ts'],
    measured: { killed: 22, mutants: 22, on: '2026-11-30' },
  },
  {
    file: 'packages/queue/src/receives.ts',
    tests: [
      'packages/queue/test/receives.test.ts',
      'packages/queue/test/outcomes.test.ts',
      'packages/queue/test/copies.test.ts',
    ],
    measured: { killed: 58, mutants: 59, on: '2026-11-30' },
  },
  {
    file: 'packages/queue/src/send-copy-held.ts',
    tests: [
      'packages/queue/test/send-copy-held.test.ts',
      'packages/queue/test/copies.test.ts',
      'test/simulation/test/undeleted.test.ts',
    ],
    measured: { killed: 21, mutants: 21, on: '2026-11-30' },
  },
  {
    file: 'packages/queue/src/slots.ts',
    tests: ['packages/queue/test/slots.test.ts'],
    measured: { killed: 37, mutants: 41, on: '2026-11-29' },
  },
  {
    file: 'packages/runtime/src/create-metrics.ts',
    tests: ['packages/runtime/test/create-metrics.test.ts'],
    measured: { killed: 83, mutants: 87, on: '2026-11-30' },
  },
  {
    file: 'packages/table/src/grouped-reads.ts',
    tests: ['packages/table/test/grouped-reads.test.ts'],
    measured: { killed: 62, mutants: 66, on: '2026-11-30' },
  },
  {
    file: 'packages/tracing/src/traceparent.ts',
    tests: ['packages/tracing/test/traceparent.test.ts'],
    measured: { killed: 86, mutants: 101, on: '2026-11-30' },
  },
  {
    file: 'packages/uploads/src/domain/compare-versions.ts',
    tests: ['packages/uploads/test/compare-versions.test.ts', 'services/acceptor/test/earlier-copy.test.ts'],
    measured: { killed: 36, mutants: 36, on: '2026-11-29' },
  },
  {
    file: 'packages/uploads/src/domain/evidence.ts',
    tests: [
      'services/acceptor/test/reconcile.test.ts',
      'services/acceptor/test/surplus.test.ts',
      'services/acceptor/test/identical-duplicates.test.ts',
      'services/processor/test/process-accepted.test.ts',
    ],
    measured: { killed: 33, mutants: 34, on: '2026-11-29' },
  },
  {
    file: 'packages/uploads/src/domain/grouped-issue.ts',
    tests: ['packages/uploads/test/grouped-issue.test.ts'],
    measured: { killed: 49, mutants: 51, on: '2026-11-30' },
  },
  {
    file: 'packages/uploads/src/domain/table-upload-store.ts',
    tests: [
      'packages/uploads/test/memory-upload-store.test.ts',
      'packages/uploads/test/memory-upload-records.test.ts',
      'packages/uploads/test/start-processing-race.test.ts',
      'packages/uploads/test/ways-to-fakes.test.ts',
      'packages/uploads/test/dynamodb-upload-store.test.ts',
    ],
    measured: { killed: 155, mutants: 159, on: '2026-11-30' },
  },
  {
    file: 'packages/uploads/src/domain/transitions.ts',
    tests: [
      'packages/uploads/test/start-processing-race.test.ts',
      'packages/uploads/test/memory-upload-store.test.ts',
      'packages/uploads/test/ways-to-fakes.test.ts',
      'packages/uploads/test/memory-upload-records.test.ts',
      'packages/uploads/test/memory-link-store.test.ts',
      'packages/uploads/test/dynamodb-upload-store.test.ts',
    ],
    measured: { killed: 144, mutants: 146, on: '2026-11-30' },
  },
  {
    file: 'packages/uploads/src/s3/s3-description.ts',
    tests: ['packages/uploads/test/s3-description.test.ts'],
    measured: { killed: 37, mutants: 40, on: '2026-11-29' },
  },
  {
    file: 'services/acceptor/src/accept-claimed.ts',
    tests: [
      'services/acceptor/test/reconcile.test.ts',
      'services/acceptor/test/acceptance-not-recorded.test.ts',
      'services/acceptor/test/filename.test.ts',
      'services/acceptor/test/step-times.test.ts',
    ],
    measured: { killed: 54, mutants: 59, on: '2026-11-30' },
  },
  {
    file: 'services/acceptor/src/find-earlier-copy.ts',
    tests: ['services/acceptor/test/earlier-copy.test.ts', 'services/acceptor/test/reconcile.test.ts'],
    measured: { killed: 52, mutants: 53, on: '2026-11-29' },
  },
  {
    file: 'services/acceptor/src/is-acceptance-on-record.ts',
    tests: [
      'services/acceptor/test/acceptance-not-recorded.test.ts',
      'services/acceptor/test/reconcile.test.ts',
    ],
    measured: { killed: 12, mutants: 12, on: '2026-11-29' },
  },
  {
    file: 'services/acceptor/src/is-sole-version.ts',
    tests: ['services/acceptor/test/sole-version.test.ts'],
    measured: { killed: 22, mutants: 22, on: '2026-11-29' },
  },
  {
    file: 'services/acceptor/src/keep-apart.ts',
    tests: [
      'services/acceptor/test/surplus.test.ts',
      'services/acceptor/test/reconcile.test.ts',
      'services/acceptor/test/identical-duplicates.test.ts',
      'services/acceptor/test/outcomes.test.ts',
    ],
    measured: { killed: 81, mutants: 94, on: '2026-11-30' },
  },
  {
    file: 'services/acceptor/src/limit-work.ts',
    tests: ['services/acceptor/test/limit-work.test.ts'],
    measured: { killed: 15, mutants: 15, on: '2026-11-30' },
  },
  {
    file: 'services/acceptor/src/reconcile.ts',
    tests: [
      'services/acceptor/test/reconcile.test.ts',
      'services/acceptor/test/sole-version.test.ts',
      'services/acceptor/test/surplus.test.ts',
    ],
    measured: { killed: 91, mutants: 95, on: '2026-11-29' },
  },
  {
    file: 'services/acceptor/src/remove-after-expiry.ts',
    tests: ['services/acceptor/test/remove-after-expiry.test.ts'],
    measured: { killed: 50, mutants: 52, on: '2026-11-29' },
  },
  {
    file: 'services/processor/src/call-handler.ts',
    tests: ['services/processor/test/call-handler.test.ts', 'services/processor/test/traces.test.ts'],
    measured: { killed: 86, mutants: 89, on: '2026-11-30' },
  },
  {
    file: 'services/processor/src/lease-keeper.ts',
    tests: [
      'services/processor/test/lease-keeper.test.ts',
      'services/processor/test/process-accepted.test.ts',
    ],
    measured: { killed: 69, mutants: 75, on: '2026-11-29' },
  },
  {
    file: 'services/processor/src/process-accepted.ts',
    tests: [
      'services/processor/test/process-accepted.test.ts',
      'services/processor/test/webhook-events.test.ts',
    ],
    measured: { killed: 123, mutants: 141, on: '2026-11-29' },
  },
  {
    file: 'services/processor/src/run-handler.ts',
    tests: ['services/processor/test/run-handler.test.ts'],
    measured: { killed: 139, mutants: 165, on: '2026-11-29' },
  },
  {
    file: 'services/processor/src/thread-runner.ts',
    tests: ['services/processor/test/thread-runner.test.ts'],
    measured: { killed: 165, mutants: 180, on: '2026-11-30' },
  },
  {
    file: 'services/processor/src/work-under-lease.ts',
    tests: [
      'services/processor/test/process-accepted.test.ts',
      'services/processor/test/webhook-events.test.ts',
      'services/processor/test/step-times.test.ts',
      'services/processor/test/outcomes.test.ts',
    ],
    measured: { killed: 82, mutants: 90, on: '2026-11-30' },
  },
  {
    file: 'services/webhook-sender/src/trace-webhook-sender.ts',
    tests: ['services/webhook-sender/test/traces.test.ts'],
    measured: { killed: 47, mutants: 53, on: '2026-11-30' },
  },
];
