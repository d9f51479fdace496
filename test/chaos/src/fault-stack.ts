import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ManagedProcess, startProcess } from '@upload-once/local-stack/child-process.ts';
import { createKey } from '@upload-once/local-stack/create-key.ts';
import { awsEnvOf, factsOf, type LocalAwsFacts, serviceEnvOf } from '@upload-once/local-stack/stack.ts';
import { type AwsProxy, startAwsProxy } from './proxy/aws-proxy.ts';
import {
  createServiceUnderFaults,
  type ServiceName,
  type ServiceUnderFaults,
} from './service-under-faults.ts';

const LOCAL_AWS = fileURLToPath(new URL('../../../local/aws/src/main.ts', import.meta.url));
const KEY_RATE = 1000;
/** A stop waits for the end of the last poll. */
export const POLL_WAIT_SECONDS = 1;

export interface FaultStackOptions {
  /** The processes' logs go here, a file for each start. */
  readonly logFolder: string;
  /** Of a message, of a lease, and so how late work comes back whose worker died; at least 2. */
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  /** Whether the processors send events to the queue of webhooks. By default there are no webhooks. */
  readonly hasWebhooks?: boolean;
  /** Of all its processes, see `startProcess`. By default they end with whatever Ctrl-C ends. */
  readonly ownGroup?: boolean;
}

/** local-aws as a process, and services beside it that each have a proxy of their own between them and it. */
export interface FaultStack extends LocalAwsFacts {
  readonly apiKey: string;
  /** What a client needs to know to reach local-aws with no proxy between. */
  readonly awsEnv: Readonly<Record<string, string>>;
  readonly localAws: ManagedProcess;
  /**
   * A service of this kind, not started yet; there can be several of one kind.
   * @param name of its log files, unique in this stack; by default the service's
   */
  add(
    service: ServiceName,
    settings?: Readonly<Record<string, string>>,
    name?: string,
  ): Promise<ServiceUnderFaults>;
  /** Ends whatever still runs. */
  stop(): Promise<void>;
}

export async function startFaultStack(options: FaultStackOptions): Promise<FaultStack> {
  const { logFolder, visibilitySeconds, maxReceiveCount, hasWebhooks = false, ownGroup = false } = options;
  await mkdir(logFolder, { recursive: true });
  const common = { PATH: process.env.PATH ?? '' };
  const services: ServiceUnderFaults[] = [];
  const proxies: AwsProxy[] = [];
  const localAws = startProcess({
    name: 'local-aws',
    program: LOCAL_AWS,
    env: {
      ...common,
      LOCAL_AWS_VISIBILITY_SECONDS: String(visibilitySeconds),
      LOCAL_AWS_MAX_RECEIVE_COUNT: String(maxReceiveCount),
    },
    logFile: join(logFolder, 'local-aws.log'),
    ownGroup,
  });

  async function stop(): Promise<void> {
    await Promise.all(services.map((service) => service.isRunning && service.kill()));
    for (const proxy of proxies) proxy.stop();
    await localAws.stop();
  }

  try {
    const facts = await factsOf(localAws);
    const awsEnv = awsEnvOf(facts);
    const apiKey = await createKey({ ...common, ...awsEnv }, facts.tables.access, KEY_RATE);
    return {
      ...facts,
      apiKey,
      awsEnv,
      localAws,
      async add(service, settings = {}, name = service) {
        const proxy = await startAwsProxy(facts.endpoints);
        proxies.push(proxy);
        const env = {
          ...common,
          ...serviceEnvOf(facts),
          ...proxy.env,
          ...settingsOf(service, facts, proxy, visibilitySeconds),
          ...(hasWebhooks &&
            service === 'processor' && { WEBHOOK_QUEUE_URL: proxy.queueUrl(facts.queues.webhooks) }),
          ...settings,
        };
        const added = createServiceUnderFaults({ name, service, proxy, env, logFolder, ownGroup });
        services.push(added);
        return added;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function settingsOf(
  service: ServiceName,
  { endpoints, queues }: LocalAwsFacts,
  proxy: AwsProxy,
  visibilitySeconds: number,
): Record<string, string> {
  // Clients come to S3 by themselves, whatever lies between it and the service that signs.
  if (service === 'url-issuer') return { S3_PUBLIC_ENDPOINT: endpoints.s3 };
  const queueUrl = service === 'acceptor' ? queues.uploadEvents : queues.acceptedEvents;
  return {
    QUEUE_URL: proxy.queueUrl(queueUrl),
    REPORT_QUEUE_URLS: proxy.queueUrl(queues.uploadReports),
    VISIBILITY_SECONDS: String(visibilitySeconds),
    POLL_WAIT_SECONDS: String(POLL_WAIT_SECONDS),
  };
}
