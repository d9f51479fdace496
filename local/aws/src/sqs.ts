import type { AddressInfo } from 'node:net';
import { buildApp } from 'fauxqs';

export interface RunningService {
  /** `http://127.0.0.1:<port>`. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts SQS on 127.0.0.1; port 0 takes a free one. The queues are in memory and end with it. */
export async function startSqs({ port, region }: { port: number; region: string }): Promise<RunningService> {
  const app = buildApp({ logger: false, defaultRegion: region });
  await app.listen({ host: '127.0.0.1', port });
  return {
    endpoint: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    stop: async () => {
      await app.close();
    },
  };
}

/**
 * A queue's URL on the endpoint itself. SQS here names queues by a host (`sqs.<region>.localhost`) that not every
 * machine resolves, and the SDK goes to a queue's host unless it was given an endpoint.
 */
export function queueUrlOn(endpoint: string, queueUrl: string): string {
  return new URL(new URL(queueUrl).pathname, endpoint).href;
}
