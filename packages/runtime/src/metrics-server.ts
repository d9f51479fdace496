import { once } from 'node:events';
import { createBoundedServer } from './bounded-server.ts';
import { OPEN_METRICS_TYPE } from './open-metrics.ts';

/** Collectors ask every few seconds, and keep their connection. */
const MAX_CONNECTIONS = 16;
const KEEP_ALIVE_MS = 75_000;
/** For a collector to take a response. */
const STALLED_MS = 10_000;

/**
 * `GET /metrics`, on a port of its own: it is for collectors inside, and never for clients. Anything else: 404.
 * The process does not wait for it to end.
 * @throws the listen error when the address cannot be had
 */
export async function startMetricsServer(options: {
  host: string;
  port: number;
  text: () => string;
}): Promise<void> {
  const limits = { maxConnections: MAX_CONNECTIONS, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = createBoundedServer(limits, ({ method, url = '' }, response) => {
    const isAsked =
      (method === 'GET' || method === 'HEAD') && URL.parse(url, 'http://localhost')?.pathname === '/metrics';
    const text = isAsked ? options.text() : 'Not Found\n';
    response.writeHead(isAsked ? 200 : 404, {
      'content-type': isAsked ? OPEN_METRICS_TYPE : 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  }).setTimeout(STALLED_MS);
  server.unref();
  server.listen({ host: options.host, port: options.port });
  await once(server, 'listening');
}
