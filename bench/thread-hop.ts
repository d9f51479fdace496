import { memoryUsage } from 'node:process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@upload-once/clock';
import { createLogger } from '@upload-once/runtime';
import { createMemoryObjectStore } from '@upload-once/uploads/testing';
import type { HandlerRunner, HandlerWork } from '../services/processor/src/handler-runner.ts';
import { createInThreadRunner } from '../services/processor/src/in-thread-runner.ts';
import { startHandlerThread } from '../services/processor/src/start-handler-thread.ts';
import { createThreadRunner } from '../services/processor/src/thread-runner.ts';
import { handleUpload } from './empty-handler.ts';
import { percentile } from './percentile.ts';

const MIB = 1024 * 1024;
const THREADS = 4;
const RUNS = 2_000;

export interface ThreadHop {
  /** The median of one run of a handler that does nothing, one after the other. */
  readonly inThreadMs: number;
  readonly inSameThreadMs: number;
  /** What each thread adds to the process, before it has done anything. */
  readonly mibPerThread: number;
}

/** The cost of handler threads: the round trip, measured in turns with the same run in the same thread, and a thread's memory. */
export async function measureThreadHop(): Promise<ThreadHop> {
  const threads = createThreadRunner({
    threads: THREADS,
    aloneThreads: 1,
    startThread: () =>
      startHandlerThread({
        settings: {
          handlerName: fileURLToPath(new URL('empty-handler.ts', import.meta.url)),
          workingDirectory: '/',
          run: {
            logLevel: 'info',
            region: 'eu-central-1',
            forcePathStyle: true,
            bucket: 'bucket',
            callsAtOnce: 1,
          },
        },
        onOutput: (_output, written) => written(),
        endLimitSeconds: 60,
        onEndLimit: () => undefined,
        clock: systemClock,
      }),
  });
  const sameThread = createInThreadRunner({
    handler: handleUpload,
    objects: createMemoryObjectStore({ now: () => new Date() }),
    log: createLogger({ service: 'bench', level: 'silent', destination: { write() {} } }),
  });
  const before = memoryUsage.rss();
  await threads.open();
  const mibPerThread = (memoryUsage.rss() - before) / MIB / THREADS;
  const inThread: number[] = [];
  const inSameThread: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    inThread.push(await timeOf(threads));
    inSameThread.push(await timeOf(sameThread));
  }
  await threads.close();
  const [inThreadMs, inSameThreadMs] = [percentile(inThread, 50), percentile(inSameThread, 50)];
  return { inThreadMs, inSameThreadMs, mibPerThread };
}

async function timeOf(runner: HandlerRunner): Promise<number> {
  const startedAtMs = performance.now();
  const run = await runner.start(WORK, { isAlone: false, signal: NEVER, assertHeld: () => undefined });
  await run.ended;
  return performance.now() - startedAtMs;
}

const NEVER = new AbortController().signal;

const WORK: HandlerWork = {
  upload: {
    id: 'file-20260101_000000-0123456789abcdef',
    bucket: 'bucket',
    key: 'accepted/file-20260101_000000-0123456789abcdef',
    versionId: 'v1',
    sizeBytes: 1_024,
    eTag: '0123456789abcdef0123456789abcdef',
    metadata: { customer: '42' },
    issuedAt: new Date(0),
    storedAt: new Date(0),
  },
  attempt: 1,
  traceId: '0af7651916cd43dd8448eb211c80319c',
};
