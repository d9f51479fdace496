import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/** dynalite has no types of its own. */
const dynalite: (options: { createTableMs: number }) => Server = createRequire(import.meta.url)('dynalite');

/** A DynamoDB in memory, on a free local port; `createTable` makes an empty table of keys and gives its name. */
export async function startDynamoDb(t: { teardown(end: () => void): void }) {
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const createClient = (config: DynamoDBClientConfig = {}) =>
    new DynamoDBClient({
      region: 'eu-central-1',
      endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      ...config,
    });
  const client = createClient();
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  let tables = 0;
  return {
    endpoint,
    client,
    createClient,
    async createTable(): Promise<string> {
      tables += 1;
      const TableName = `access-${tables}`;
      await client.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'id', AttributeType: 'S' },
            { AttributeName: 'item', AttributeType: 'S' },
          ],
          KeySchema: [
            { AttributeName: 'id', KeyType: 'HASH' },
            { AttributeName: 'item', KeyType: 'RANGE' },
          ],
        }),
      );
      return TableName;
    },
  };
}
