import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
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
const FAULT = { status: 500, body: { message: 'Internal Server Error', code: 'InternalServerError' } };

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
  const { host, port, readiness } = options;

  async function responseTo({
    method,
    url = '',
  }: IncomingMessage): Promise<{ status: number; body: object }> {
    const path = method === 'GET' || method === 'HEAD' ? pathOf(url) : undefined;
    if (path === '/livez') return { status: 200, body: { status: 'alive' } };
    if (path !== '/readyz') return { status: 404, body: { message: 'Not Found', code: 'NotFound' } };
    const reasons = await readiness.reasonsAgainst();
    if (reasons.length === 0) return { status: 200, body: { status: 'ready' } };
    return { status: 503, body: { message: reasons.join('. '), code: 'NotReady' } };
  }

  const limits = { maxConnections: MAX_CONNECTIONS, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = createBoundedServer(limits, async (request, response) => {
    const { status, body } = await responseTo(request).catch(() => FAULT);
    const text = JSON.stringify(body);
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  }).setTimeout(STALLED_MS);
  server.listen({ host, port });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Without its query. Undefined for what is no URL. */
function pathOf(url: string): string | undefined {
  return URL.parse(url, 'http://localhost')?.pathname;
}
