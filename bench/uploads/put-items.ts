import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

/** What one call of the AWS SDK costs: each request makes `?calls=` calls of PutItem, some at once, with an item as an upload has it. */
const AT_ONCE = 16;

const { UPLOADS_TABLE: TableName } = process.env;
const dynamoDb = new DynamoDBClient();

async function putOne(): Promise<void> {
  const issuedAt = new Date().toISOString();
  const put = new PutItemCommand({
    TableName,
    Item: {
      FullFilename: { S: `uploads/UploadFilename-${issuedAt}-${randomBytes(16).toString('hex')}` },
      item: { S: 'bench' },
      state: { S: 'ISSUED' },
      issuedAt: { S: issuedAt },
      deleteAt: { N: String(Math.floor(Date.now() / 1000) + 86_400) },
    },
    ConditionExpression: 'attribute_not_exists(FullFilename)',
  });
  await dynamoDb.send(put);
}

const server = createServer(async (request, response) => {
  let left = Number(new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('calls'));
  const putAll = async () => {
    while (left-- > 0) await putOne();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, putAll));
  response.end();
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listening at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
