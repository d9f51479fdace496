import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { createTable, startDynamoDb as startLocalDynamoDb } from '@upload-once/local-aws';

/** A DynamoDB in memory, on a free local port; `createTable` makes an empty table of keys and gives its name. */
export async function startDynamoDb(t: { teardown(end: () => Promise<void>): void }) {
  const { endpoint, stop } = await startLocalDynamoDb({ port: 0 });
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
    return stop();
  });
  let tables = 0;
  return {
    endpoint,
    client,
    createClient,
    async createTable(): Promise<string> {
      tables += 1;
      const TableName = `access-${tables}`;
      await createTable(client, TableName, 'id');
      return TableName;
    },
  };
}
