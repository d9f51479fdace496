import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { createBoundedServer } from './bounded-server.ts';
import { OPEN_METRICS_TYPE } from './open-metrics.ts';

/** Collectors ask every few seconds, and keep their connection. */
export const MAX_CONNECTIONS = 16;
const KEEP_ALIVE_MS = 75_000;
/** For a collector to take a response, or a part of it. */
const STALLED_MS = 10_000;

/**
 * `GET /metrics`, on a port of its own: it is for collectors inside, and never for clients. HEAD has no text. Anything else: 404.
 * The process does not wait for it to end.
 *
 * @param options.stalledMs a connection on which nothing moves for so long is closed; by default 10,000
 * @throws the listen error when the address cannot be had
 */
export async function startMetricsServer(options: {
  host: string;
  port: number;
  text: () => string;
  stalledMs?: number;
}): Promise<Server> {
  const limits = { maxConnections: MAX_CONNECTIONS, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = createBoundedServer(limits, ({ method, url = '' }, response) => {
    const isThere = URL.parse(url, 'http://localhost')?.pathname === '/metrics';
    if (isThere && method === 'HEAD') response.writeHead(200, { 'content-type': OPEN_METRICS_TYPE }).end();
    else if (isThere && method === 'GET') respond(response, 200, OPEN_METRICS_TYPE, options.text());
    else respond(response, 404, 'text/plain; charset=utf-8', 'Not Found\n');
  }).setTimeout(options.stalledMs ?? STALLED_MS);
  server.unref();
  server.listen({ host: options.host, port: options.port });
  await once(server, 'listening');
  return server;
}

function respond(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
