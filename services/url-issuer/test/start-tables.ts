import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTable, startDynamoDb } from '@upload-once/local-aws';
import type { Test } from 'tap';

export const CREDENTIALS = { accessKeyId: 'AKIDTABLES', secretAccessKey: 'a secret of the tables' };
export const REGION = 'eu-central-1';
export const UPLOADS_TABLE = 'uploads';
export const ACCESS_TABLE = 'access';

/** A call whose response is held back: it has taken effect, and its caller does not know. */
export interface HeldCall {
  readonly reached: Promise<void>;
  release(): void;
}

export interface Tables {
  readonly endpoint: string;
  /** Leads to the tables whatever is held, and when they are away for all others. */
  readonly client: DynamoDBClient;
  /** Holds the response of the next call of this operation, for example `PutItem`. */
  holdResponse(operation: string): HeldCall;
  /** From now on no server listens at `endpoint`. */
  away(): Promise<void>;
}

/** Both tables in a DynamoDB in memory, behind an endpoint that can hold responses and go away. */
export async function startTables(t: Test): Promise<Tables> {
  const database = await startDynamoDb({ port: 0 });
  const held = new Map<string, { reached: () => void; released: Promise<void> }>();
  const front = await listen(
    // A caller or the tables that go away end a call.
    createServer((request, response) => respond(request, response).catch(() => response.destroy())),
  );
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const tableResponse = await forward(request, body, database.endpoint);
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const hold = held.get(operation);
    held.delete(operation);
    hold?.reached();
    await hold?.released;
    sendOn(tableResponse, response);
  }
  const client = new DynamoDBClient({
    region: REGION,
    endpoint: database.endpoint,
    credentials: CREDENTIALS,
    maxAttempts: 1,
  });
  await createTable(client, UPLOADS_TABLE, 'FullFilename');
  await createTable(client, ACCESS_TABLE, 'id');
  t.teardown(async () => {
    client.destroy();
    await front.close();
    await database.stop();
  });
  return {
    endpoint: `http://127.0.0.1:${front.port}`,
    client,
    holdResponse(operation) {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      held.set(operation, { reached: reached.resolve, released: released.promise });
      return { reached: reached.promise, release: released.resolve };
    },
    away: front.close,
  };
}

async function listen(server: Server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface TableResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function forward(request: IncomingMessage, body: Buffer, endpoint: string): Promise<TableResponse> {
  const { method, url: path, headers } = request;
  const onward = httpRequest(`${endpoint}${path}`, { method, headers });
  onward.end(body);
  const [response]: IncomingMessage[] = await once(onward, 'response');
  if (!response) throw new Error('no response');
  return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) };
}

function sendOn(tableResponse: TableResponse, response: ServerResponse): void {
  response.writeHead(tableResponse.status, tableResponse.headers);
  response.end(tableResponse.body);
}
