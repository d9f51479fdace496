import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What stands in for DynamoDB: it takes every write at once, and keeps what is put into it until `forgetWrites`. */
export interface TableStub {
  readonly endpoint: string;
  /** How many calls there were, by all programs together. */
  calls(): number;
  /** From now on nothing is kept: a write is not even read, since a stub that parses each would be measured as well. */
  forgetWrites(): void;
  close(): void;
}

type Attributes = Readonly<Record<string, unknown>>;

interface Call {
  readonly Item?: Attributes;
  readonly Key?: Attributes;
}

export async function startTableStub(): Promise<TableStub> {
  const items: Attributes[] = [];
  let isKeeping = true;
  let calls = 0;

  async function respond(request: IncomingMessage): Promise<object> {
    calls += 1;
    const operation = String(request.headers['x-amz-target']).split('.')[1];
    if (operation === 'GetItem') {
      const { Key = {} } = (await json(request)) as Call;
      return { Item: items.find((item) => hasAll(item, Key)) };
    }
    if (isKeeping) {
      const { Item } = (await json(request)) as Call;
      if (Item) items.push(Item);
    } else request.resume();
    if (operation === 'UpdateItem') return { Attributes: { used: { N: '1' } } };
    return operation === 'BatchWriteItem' ? { UnprocessedItems: {} } : {};
  }

  const server = createServer(async (request, response) => {
    const body = JSON.stringify(await respond(request));
    response.setHeader('content-type', 'application/x-amz-json-1.0').end(body);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    forgetWrites() {
      isKeeping = false;
    },
    close: () => server.close().closeAllConnections(),
  };
}

function hasAll(item: Attributes, key: Attributes): boolean {
  return Object.entries(key).every(([name, value]) => JSON.stringify(item[name]) === JSON.stringify(value));
}
