import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { Journal } from './journal.ts';

/** One request that came, whatever it was responded with. */
export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Of its connection: those of one connection have the same. */
  readonly port: number | undefined;
}

export interface WebhookReceiver {
  readonly origin: string;
  readonly received: Journal<ReceivedWebhook>;
  /** What follows is responded to so; by default with 204. */
  respond(how: (response: ServerResponse, webhook: ReceivedWebhook) => void): void;
}

/** A receiver on a free port of 127.0.0.1. @param tls by default it speaks http */
export async function startWebhookReceiver(
  t: Test,
  tls?: { readonly key: Buffer; readonly cert: Buffer },
): Promise<WebhookReceiver> {
  const received = new Journal<ReceivedWebhook>();
  let respond: Parameters<WebhookReceiver['respond']>[0] = (response) => response.writeHead(204).end();
  const server = tls ? createTlsServer(tls) : createServer();
  server.on('request', async (request, response) => {
    const chunks = await request.toArray();
    const webhook = {
      path: request.url ?? '',
      headers: request.headers as Record<string, string>,
      body: Buffer.concat(chunks).toString(),
      port: request.socket.remotePort,
    };
    received.add(webhook);
    respond(response, webhook);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    received,
    respond(how) {
      respond = how;
    },
  };
}
