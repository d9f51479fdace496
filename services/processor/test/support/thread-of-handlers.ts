import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '@upload-once/clock';
import type { Test } from 'tap';
import type { HandlerWork } from '../../src/handler-runner.ts';
import { startHandlerThread } from '../../src/start-handler-thread.ts';

const REGION = 'us-east-1';

/** Starts a thread with the handler in fixtures/in-thread.ts; it is ended with the test. */
export function startThread(
  t: Test,
  options: {
    heapMib?: number;
    bucket?: string;
    onOutput?: () => void;
    /** Takes what says that something printed is written; by default that is so at once. */
    onWritten?: (written: () => void) => void;
    endLimitSeconds?: number;
    onEndLimit?: () => void;
    onAnswer?: () => void;
    clock?: Pick<Clock, 'after'>;
  } = {},
) {
  const lines: Record<string, unknown>[] = [];
  const printed: string[] = [];
  /** The timers that are running. */
  const timers = new Set<() => void>();
  function after(delayMs: number, callback: () => void): () => void {
    const cancel = systemClock.after(delayMs, () => {
      timers.delete(callback);
      callback();
    });
    timers.add(callback);
    return () => {
      timers.delete(callback);
      cancel();
    };
  }
  const { heapMib = 64, bucket = 'uploads-test', onOutput } = options;
  const thread = startHandlerThread({
    settings: {
      handlerName: fileURLToPath(new URL('../fixtures/in-thread.ts', import.meta.url)),
      workingDirectory: '/',
      run: { logLevel: 'info', region: REGION, forcePathStyle: true, bucket, callsAtOnce: 2 },
    },
    heapMib,
    onOutput({ type, text }, written) {
      if (type === 'line') lines.push(JSON.parse(text));
      else printed.push(text);
      onOutput?.();
      if (options.onWritten) options.onWritten(written);
      else written();
    },
    ...(options.onAnswer && { onAnswer: options.onAnswer }),
    endLimitSeconds: options.endLimitSeconds ?? 60,
    onEndLimit: options.onEndLimit ?? (() => t.fail('the thread does not end')),
    clock: options.clock ?? { after },
  });
  t.teardown(() => thread.end());
  return { thread, lines, printed, timers };
}

/** What the handler in fixtures/in-thread.ts is told to do is the upload's id. */
export function work(id: string, of: Partial<HandlerWork['upload']> = {}): HandlerWork {
  return {
    upload: {
      id,
      bucket: 'uploads-test',
      key: `accepted/${id}`,
      versionId: 'v1',
      sizeBytes: 5,
      eTag: 'e',
      metadata: { customer: '42' },
      issuedAt: new Date('2026-01-01T00:00:00.000Z'),
      storedAt: new Date('2026-01-01T00:00:01.000Z'),
      ...of,
    },
    attempt: 3,
    traceId: '0af7651916cd43dd8448eb211c80319c',
  };
}
