import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '@upload-once/local-stack/child-process.ts';
import { createKey } from '@upload-once/local-stack/create-key.ts';
import { awsEnvOf, factsOf, type LocalAwsFacts, serviceEnvOf } from '@upload-once/local-stack/stack.ts';
import type { Meter } from '../metered/meter.ts';
import { type Metered, startMetered } from '../metered/start-metered.ts';
import { serviceProgram } from '../profile/service-program.ts';
import type { ServiceName } from './results.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const KEY_RATE = 10_000;
/** A stop waits for the end of the last poll. */
const POLL_WAIT_SECONDS = '1';

/** local-aws and the services, each with a meter of its own between them, and a process that only makes calls of PutItem. */
export interface MeteredStack extends LocalAwsFacts {
  readonly apiKey: string;
  readonly services: Readonly<Record<ServiceName, Metered>>;
  readonly putItems: Metered;
  stop(): Promise<void>;
}

/**
 * The services are kept on the first core. The caller and what it starts here besides stay where they are.
 * @param servicesEnv what all services get besides their settings
 */
export async function startMeteredStack(
  logFolder: string,
  servicesEnv: Readonly<Record<string, string>> = {},
): Promise<MeteredStack> {
  const running: { stop(): Promise<void> }[] = [];
  const PATH = process.env.PATH ?? '';

  async function stop(): Promise<void> {
    for (const one of running) await one.stop();
  }

  try {
    const localAws = startProcess({
      name: 'local-aws',
      program: join(repository, 'local/aws/src/main.ts'),
      env: { PATH },
      logFile: join(logFolder, 'local-aws.log'),
    });
    running.push(localAws);
    const facts = await factsOf(localAws);
    const { endpoints, queues, tables } = facts;
    const apiKey = await createKey({ PATH, ...awsEnvOf(facts) }, tables.access, KEY_RATE);

    async function start(
      name: string,
      { program, env }: { readonly program: string; readonly env?: Readonly<Record<string, string>> },
      settings: (meter: Meter) => Record<string, string> = () => ({}),
    ): Promise<Metered> {
      const started = await startMetered({
        name,
        program,
        logFile: join(logFolder, `${name}.log`),
        endpoints,
        env: (meter) => ({
          PATH,
          ...servicesEnv,
          ...env,
          ...serviceEnvOf(facts),
          ...meter.env,
          ...settings(meter),
        }),
      });
      running.unshift(started);
      return started;
    }

    const consumer = (name: 'acceptor' | 'processor', queueUrl: string) =>
      start(name, serviceProgram(name), (meter) => ({
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
        'url-issuer': await start('url-issuer', serviceProgram('url-issuer'), () => ({
          S3_PUBLIC_ENDPOINT: endpoints.s3,
        })),
        acceptor: await consumer('acceptor', queues.uploadEvents),
        processor: await consumer('processor', queues.acceptedEvents),
      },
      putItems: await start('put-items', { program: join(repository, 'bench/uploads/put-items.ts') }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
