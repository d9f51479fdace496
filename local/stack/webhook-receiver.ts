import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A receiver of webhooks beside a stack, for the acceptance suite: it keeps what it is sent, and verifies nothing. It listens at HOST and PORT,
 * and needs no package, so that a container can run this file alone.
 *
 * - `POST /webhooks`: a webhook. The response is 204, or what was asked for.
 * - `POST /responses`: `{"containing", "status", "times"}`: how to respond to the next so many webhooks whose body has this text.
 * - `GET /received?containing=TEXT`: the webhooks that came with this text in their body, the oldest first.
 * - `GET /readyz`: 204.
 */
export interface ReceivedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What it was responded with. */
  readonly status: number;
}

interface AskedResponse {
  readonly containing: string;
  readonly status: number;
  times: number;
}

const received: ReceivedWebhook[] = [];
const asked: AskedResponse[] = [];

const routes: Readonly<Record<string, (url: URL, request: IncomingMessage, body: string) => Reply>> = {
  'GET /readyz': () => ({ status: 204 }),
  'POST /webhooks': (_url, request, body) => {
    const response = asked.find(({ containing, times }) => times > 0 && body.includes(containing));
    if (response) response.times -= 1;
    const status = response?.status ?? 204;
    received.push({ headers: request.headers as Record<string, string>, body, status });
    return { status };
  },
  'POST /responses': (_url, _request, body) => {
    asked.push(JSON.parse(body));
    return { status: 204 };
  },
  'GET /received': (url) => {
    const text = url.searchParams.get('containing') ?? '';
    return { status: 200, json: received.filter(({ body }) => body.includes(text)) };
  },
};

interface Reply {
  readonly status: number;
  readonly json?: unknown;
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://receiver');
  const body = Buffer.concat(await request.toArray()).toString();
  const route = routes[`${request.method} ${url.pathname}`];
  const { status, json } = route?.(url, request, body) ?? { status: 404 };
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(json === undefined ? undefined : JSON.stringify(json));
}

const server = createServer((request, response) => void respond(request, response));
server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '0.0.0.0');
await once(server, 'listening');
process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
process.once('SIGTERM', () => server.close().closeAllConnections());
