import { fileURLToPath } from 'node:url';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type FaultStack, startFaultStack } from '../fault-stack.ts';
import { lookFromOutside, type Outside } from '../outside.ts';
import { type AwsProxy, startAwsProxy } from '../proxy/aws-proxy.ts';
import type { ServiceUnderFaults } from '../service-under-faults.ts';
import type { QueuePair } from './dead-letters.ts';

/** How late work comes back whose worker was killed: short, so that it does so many times in ten minutes. */
const VISIBILITY_SECONDS = 10;
/** As Terraform makes the queues. */
const MAX_RECEIVE_COUNT = 8;
/** A machine that is busy may take longer than half a minute to begin; expiry is not what is looked at here. */
const FORM_LIFETIME_SECONDS = '600';

const handler = fileURLToPath(new URL('hash-handler.ts', import.meta.url));

/** Everything that soaks: each service, and the clients, behind a proxy of their own; and ways around them, to look. */
export interface StackUnderSoak {
  readonly stack: FaultStack;
  readonly issuer: ServiceUnderFaults;
  readonly issuerUrl: string;
  /** Run from the beginning to the end, so that their memory can be followed. */
  readonly steadyWorkers: readonly ServiceUnderFaults[];
  /** Are killed and started again. */
  readonly mortalWorkers: readonly ServiceUnderFaults[];
  readonly proxies: readonly AwsProxy[];
  readonly outside: Outside;
  readonly sqs: SQSClient;
  readonly queues: readonly QueuePair[];
  /** Ends whatever still runs. */
  stop(): Promise<void>;
}

/**
 * An issuer, an acceptor, a processor, with mortals two of each, and local-aws, each a process, on free ports of 127.0.0.1.
 * @param options.settings of every service
 */
export async function startStackUnderSoak(
  logFolder: string,
  options: {
    readonly withMortals: boolean;
    readonly ownGroup: boolean;
    readonly settings?: Readonly<Record<string, string>>;
  },
): Promise<StackUnderSoak> {
  const { withMortals, ownGroup, settings = {} } = options;
  const stack = await startFaultStack({
    logFolder,
    visibilitySeconds: VISIBILITY_SECONDS,
    maxReceiveCount: MAX_RECEIVE_COUNT,
    ownGroup,
  });
  const { endpoints, region, credentials, queues } = stack;
  const clients = await startAwsProxy(endpoints);
  async function stop(): Promise<void> {
    await clients.stop();
    await stack.stop();
  }

  try {
    const issuer = await stack.add('url-issuer', {
      S3_PUBLIC_ENDPOINT: clients.env.AWS_ENDPOINT_URL_S3 ?? '',
      FORM_LIFETIME_SECONDS,
      ...settings,
    });
    const steadyWorkers = await addWorkers('steady');
    const mortalWorkers = withMortals ? await addWorkers('mortal') : [];
    const services = [issuer, ...steadyWorkers, ...mortalWorkers];
    const [issuerUrl = ''] = await Promise.all(services.map((service) => service.start()));

    // A copy: the SDK writes into what it is given.
    const sqs = new SQSClient({ region, credentials: { ...credentials }, endpoint: endpoints.sqs });
    const outside = lookFromOutside(stack);
    return {
      stack,
      issuer,
      issuerUrl,
      steadyWorkers,
      mortalWorkers,
      proxies: [clients, ...services.map(({ proxy }) => proxy)],
      outside,
      sqs,
      queues: [
        { queue: queues.uploadEvents, deadLetterQueue: queues.uploadEventsDeadLetter },
        { queue: queues.acceptedEvents, deadLetterQueue: queues.acceptedEventsDeadLetter },
      ],
      async stop() {
        sqs.destroy();
        outside.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }

  async function addWorkers(kind: string): Promise<readonly ServiceUnderFaults[]> {
    return [
      await stack.add('acceptor', settings, `acceptor-${kind}`),
      await stack.add('processor', { PROCESSOR_HANDLER: handler, ...settings }, `processor-${kind}`),
    ];
  }
}
