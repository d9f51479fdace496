import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What stands in for DynamoDB: it takes every write at once, and keeps what is put into one table. */
export interface TableStub {
  readonly endpoint: string;
  close(): void;
}

type Attributes = Readonly<Record<string, unknown>>;

interface Call {
  readonly TableName?: string;
  readonly Item?: Attributes;
  readonly Key?: Attributes;
}

/** @param keptTable whose items it gives back, by the key that they were asked for with */
export async function startTableStub(keptTable: string): Promise<TableStub> {
  const items: Attributes[] = [];

  async function respond(request: IncomingMessage): Promise<object> {
    const operation = String(request.headers['x-amz-target']).split('.')[1];
    // Only what reads or fills the table of keys is looked at: a stub that parses each write would be measured as well.
    if (operation === 'BatchWriteItem') {
      request.resume();
      return { UnprocessedItems: {} };
    }
    const call = (await json(request)) as Call;
    if (operation === 'GetItem') return { Item: items.find((item) => hasAll(item, call.Key ?? {})) };
    if (call.TableName === keptTable && call.Item) items.push(call.Item);
    if (operation === 'UpdateItem') return { Attributes: { used: { N: '1' } } };
    return {};
  }

  const server = createServer(async (request, response) => {
    const body = JSON.stringify(await respond(request));
    response.setHeader('content-type', 'application/x-amz-json-1.0').end(body);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close().closeAllConnections(),
  };
}

function hasAll(item: Attributes, key: Attributes): boolean {
  return Object.entries(key).every(([name, value]) => JSON.stringify(item[name]) === JSON.stringify(value));
}
