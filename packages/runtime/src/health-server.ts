import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { createBoundedServer } from './bounded-server.ts';
import type { Readiness } from './readiness.ts';

export interface HealthServer {
  /** The port that is listened on, also when a free one was asked for. */
  readonly port: number;
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
}

/** Probes come one at a time, from the task itself, and a person now and then. */
const MAX_CONNECTIONS = 64;
const KEEP_ALIVE_MS = 5_000;
/** For a client to take a response. */
const STALLED_MS = 10_000;

/**
 * `/livez` and `/readyz` of a service that has no HTTP of its own.
 *
 * `/livez` responds with 200 as long as the process can respond at all. `/readyz` responds with 200 while nothing speaks against it, otherwise
 * 503 with the reasons; what is behind them stands in the log alone. Anything else: 404. All bodies are JSON.
 * Connections, and the requests of each, are bounded: see `createBoundedServer`.
 *
 * @param options.port 0 to 65535; 0 takes a free one
 * @throws the listen error when the address cannot be had
 */
export async function startHealthServer(options: {
  host: string;
  port: number;
  readiness: Readiness;
}): Promise<HealthServer> {
  const app = Fastify({
    forceCloseConnections: true,
    serverFactory: (handler) =>
      createBoundedServer(
        { maxConnections: MAX_CONNECTIONS, keepAliveTimeout: KEEP_ALIVE_MS },
        handler,
      ).setTimeout(STALLED_MS),
  });

  app.get('/livez', async () => ({ status: 'alive' }));

  app.get('/readyz', async (_request, reply) => {
    const reasons = await options.readiness.reasonsAgainst();
    if (reasons.length === 0) return { status: 'ready' };
    return reply.code(503).send({ message: reasons.join('. '), code: 'NotReady' });
  });

  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ message: 'Not Found', code: 'NotFound' }),
  );

  await app.listen({ host: options.host, port: options.port });
  return { port: (app.server.address() as AddressInfo).port, close: async () => app.close() };
}
