import { type ManagedProcess, startProcess } from '@upload-once/local-stack/child-process.ts';
import { urlOf } from '@upload-once/local-stack/stack.ts';
import { keepOnCore } from '../process-cpu.ts';
import { type Counts, sum } from './counts.ts';
import { type AwsService, type Meter, startMeter } from './meter.ts';

export interface Metered {
  readonly process: ManagedProcess;
  readonly url: string;
  /** Its calls and its log, so far. */
  counts(): Counts;
  stop(): Promise<void>;
}

/** A program with a meter of its own between it and AWS, on the first core. Resolves when it listens. */
export async function startMetered(options: {
  readonly name: string;
  readonly program: string;
  readonly logFile: string;
  readonly endpoints: Readonly<Record<AwsService, string>>;
  readonly env: (meter: Meter) => Readonly<Record<string, string>>;
}): Promise<Metered> {
  const { env, endpoints, ...program } = options;
  const meter = await startMeter(endpoints);
  const child = startProcess({ ...program, env: env(meter) });
  const log = { lines: 0, bytes: 0 };
  child.onLine((line) => {
    log.lines += 1;
    log.bytes += Buffer.byteLength(line) + 1;
  });

  async function stop(): Promise<void> {
    await child.stop();
    meter.stop();
  }

  try {
    const url = await urlOf(child);
    keepOnCore(child.pid, 0);
    return { process: child, url, counts: () => sum([meter.counts(), log]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
