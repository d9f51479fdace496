import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import dynalite from 'dynalite';
import { returnOldItems } from './old-items.ts';
import type { RunningService } from './sqs.ts';

export interface DynamoDbOptions {
  readonly port: number;
  /** Where the tables lie; without it they are in memory. */
  readonly directory?: string;
}

returnOldItems();

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts DynamoDB on 127.0.0.1; port 0 takes a free one. */
export async function startDynamoDb({ port, directory }: DynamoDbOptions): Promise<RunningService> {
  const server = dynalite({
    ...(directory === undefined ? {} : { path: directory }),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  const [respond] = server.listeners('request') as Listener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => void respondToWhole(request, response, respond as Listener));

  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** A request that is cut in the middle would end the whole process inside the library: it gets whole ones only. */
async function respondToWhole(
  request: IncomingMessage,
  response: ServerResponse,
  respond: Listener,
): Promise<void> {
  let body: Buffer;
  try {
    body = await buffer(request);
  } catch {
    return;
  }
  const { method, url, headers } = request;
  const whole = Object.assign(Readable.from(body.length > 0 ? [body] : []), { method, url, headers });
  respond(whole as unknown as IncomingMessage, response);
}
