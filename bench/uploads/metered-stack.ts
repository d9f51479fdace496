import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ManagedProcess, startProcess } from '@upload-once/local-stack/child-process.ts';
import { createKey } from '@upload-once/local-stack/create-key.ts';
import {
  awsEnvOf,
  factsOf,
  type LocalAwsFacts,
  serviceEnvOf,
  urlOf,
} from '@upload-once/local-stack/stack.ts';
import { keepOnCore } from '../process-cpu.ts';
import { type Counts, sum } from './counts.ts';
import { type Meter, startMeter } from './meter.ts';
import type { ServiceName } from './results.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const KEY_RATE = 10_000;
/** A stop waits for the end of the last poll. */
const POLL_WAIT_SECONDS = '1';

export interface Metered {
  readonly process: ManagedProcess;
  readonly url: string;
  /** Its calls and its log, so far. */
  counts(): Counts;
}

/** local-aws and the services, each with a meter of its own between them, and a process that only makes calls of PutItem. */
export interface MeteredStack extends LocalAwsFacts {
  readonly apiKey: string;
  readonly services: Readonly<Record<ServiceName, Metered>>;
  readonly putItems: Metered;
  stop(): Promise<void>;
}

/** The services are kept on the first core. The caller and what it starts here besides stay where they are. */
export async function startMeteredStack(logFolder: string): Promise<MeteredStack> {
  const processes: ManagedProcess[] = [];
  const meters: Meter[] = [];
  const PATH = process.env.PATH ?? '';

  function start(name: string, program: string, env: Readonly<Record<string, string>>): ManagedProcess {
    const started = startProcess({
      name,
      program: join(repository, program),
      env: { PATH, ...env },
      logFile: join(logFolder, `${name}.log`),
    });
    processes.unshift(started);
    return started;
  }

  async function stop(): Promise<void> {
    for (const one of processes) await one.stop();
    for (const meter of meters) meter.stop();
  }

  try {
    const facts = await factsOf(start('local-aws', 'local/aws/src/main.ts', {}));
    const { endpoints, queues, tables } = facts;
    const apiKey = await createKey({ PATH, ...awsEnvOf(facts) }, tables.access, KEY_RATE);

    async function startMetered(
      name: string,
      program: string,
      settings: (meter: Meter) => Record<string, string> = () => ({}),
    ): Promise<Metered> {
      const meter = await startMeter(endpoints);
      meters.push(meter);
      const child = start(name, program, { ...serviceEnvOf(facts), ...meter.env, ...settings(meter) });
      const log = { lines: 0, bytes: 0 };
      child.onLine((line) => {
        log.lines += 1;
        log.bytes += Buffer.byteLength(line) + 1;
      });
      const url = await urlOf(child);
      keepOnCore(child.pid, 0);
      return { process: child, url, counts: () => sum([meter.counts(), log]) };
    }

    const consumer = (name: 'acceptor' | 'processor', queueUrl: string) =>
      startMetered(name, `services/${name}/src/main.ts`, (meter) => ({
        QUEUE_URL: meter.queueUrl(queueUrl),
        REPORT_QUEUE_URLS: meter.queueUrl(queues.uploadReports),
        POLL_WAIT_SECONDS,
        // As on AWS; nothing here removes an upload.
        ...(name === 'acceptor' && { UPLOADS_PROTECTED: 'true' }),
      }));

    return {
      ...facts,
      apiKey,
      services: {
        'url-issuer': await startMetered('url-issuer', 'services/url-issuer/src/main.ts', () => ({
          S3_PUBLIC_ENDPOINT: endpoints.s3,
        })),
        acceptor: await consumer('acceptor', queues.uploadEvents),
        processor: await consumer('processor', queues.acceptedEvents),
      },
      putItems: await startMetered('put-items', 'bench/uploads/put-items.ts'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
