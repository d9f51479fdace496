import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { CallGate } from './call-gate.ts';
import { type Order, readOrder } from './control-order.ts';
import type { BucketEvents } from './events/bucket-events.ts';
import type { RunningService } from './sqs.ts';

export interface Controlled {
  readonly events: Pick<BucketEvents, 'gate' | 'outbox'>;
  readonly calls: CallGate;
}

interface Request {
  readonly order: Order;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

interface Route {
  /** What the order may say; anything else is refused rather than passed over. */
  readonly takes: readonly (keyof Order)[];
  readonly run: (request: Request, controlled: Controlled) => unknown;
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /events/held': {
    takes: ['atLeast', 'keyPrefix', 'queueArn'],
    run: async ({ order, signal }, { events }) => {
      await events.gate.whenHeld(order.atLeast ?? 0, order, signal);
      return eventsStatus(events);
    },
  },
  'GET /events/settled': {
    takes: [],
    run: async (_request, { events }) => {
      await events.outbox.settled();
      return eventsStatus(events);
    },
  },
  'POST /events/hold': {
    takes: ['keyPrefix', 'queueArn'],
    run: ({ order }, { events }) => events.gate.hold(order),
  },
  'POST /events/send': {
    takes: ['ids', 'copies', 'keep'],
    run: ({ order }, { events }) => events.gate.sendHeld({ ids: [], ...order }),
  },
  'POST /events/release': {
    takes: ['reversed', 'copies'],
    run: ({ order }, { events }) => events.gate.release(order),
  },
  'POST /events/drop': { takes: [], run: (_request, { events }) => events.gate.drop() },
  'POST /events/copies': {
    takes: ['copies'],
    run: ({ order }, { events }) => events.gate.setCopies(order.copies ?? 1),
  },
  'GET /calls/held': {
    takes: ['atLeast', 'operation', 'keyPrefix'],
    run: async ({ order, signal }, { calls }) => {
      await calls.whenHeld(order.atLeast ?? 0, order, signal);
      return { held: calls.held() };
    },
  },
  'POST /calls/hold': {
    takes: ['operation', 'keyPrefix', 'count'],
    run: ({ order }, { calls }) => calls.hold(order),
  },
  'POST /calls/release': { takes: ['ids'], run: ({ order }, { calls }) => calls.release(order.ids) },
};

/**
 * Starts the control API on 127.0.0.1: JSON over HTTP, described in README.md. It returns 200 with what is held, 204
 * to an order, 400 or 404 with `{code, message}`.
 */
export async function startControl(port: number, controlled: Controlled): Promise<RunningService> {
  const server = createServer((request, response) => void respond(request, response, controlled));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  controlled: Controlled,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const name = `${request.method} ${url.pathname}`;
    const route = ROUTES[name];
    if (route === undefined) {
      const message = `there is no ${name}; there are ${Object.keys(ROUTES).join(', ')}`;
      return send(response, 404, { code: 'NotFound', message });
    }
    const body = await text(request);
    const order = readOrder(
      request.method === 'GET' ? Object.fromEntries(url.searchParams) : body,
      route.takes,
    );
    const result = await route.run({ order, signal: gone.signal }, controlled);
    send(response, result === undefined ? 204 : 200, result);
  } catch (error) {
    const { code = 'Failed', message } = error as Error & { code?: string };
    send(response, 400, { code, message });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function eventsStatus({ gate, outbox }: Controlled['events']): unknown {
  return { held: gate.held(), unsent: outbox.waiting };
}
