import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import type { Logger } from './logging.ts';

/** How long a readiness check may take; load balancers and ECS give up after 5 seconds by default. */
const READY_LIMIT_MS = 3_000;

export interface HealthServer {
  /** The port that is listened on, also when a free one was asked for. */
  readonly port: number;
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
}

/**
 * `/livez` and `/readyz` of a service that has no HTTP of its own.
 *
 * `/livez` answers 200 as long as the process can answer at all. `/readyz` answers 200 when `ready` resolves within three
 * seconds, otherwise 503; why stands in the log, once for each change, and not in the answer. Anything else: 404. All
 * bodies are JSON.
 *
 * @param options.port 0 to 65535; 0 takes a free one
 * @param options.ready resolves when the service can do its work; its signal is aborted when the time is over
 * @throws the listen error when the address cannot be had
 */
export async function startHealthServer(options: {
  host: string;
  port: number;
  log: Logger;
  ready: (signal: AbortSignal) => Promise<void>;
}): Promise<HealthServer> {
  const { log } = options;
  const app = Fastify({ forceCloseConnections: true });
  let wasReady = true;

  app.get('/livez', async () => ({ status: 'alive' }));

  app.get('/readyz', async (_request, reply) => {
    try {
      await readyInTime(options.ready);
    } catch (error) {
      if (wasReady) log.warn({ err: error }, 'not ready');
      wasReady = false;
      return reply.code(503).send({ message: 'Not ready', code: 'NotReady' });
    }
    if (!wasReady) log.info('ready again');
    wasReady = true;
    return { status: 'ready' };
  });

  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ message: 'Not Found', code: 'NotFound' }),
  );

  await app.listen({ host: options.host, port: options.port });
  return { port: (app.server.address() as AddressInfo).port, close: async () => app.close() };
}

/** A check that does not listen to its signal must not hold up the answer either. */
async function readyInTime(ready: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const signal = AbortSignal.timeout(READY_LIMIT_MS);
  const { promise: late, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  await Promise.race([ready(signal), late]);
}
