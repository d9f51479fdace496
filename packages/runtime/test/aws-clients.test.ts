import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import t, { type Test } from 'tap';
import { dynamoDbClientConfig, s3ClientConfig, sqsClientConfig } from '../src/index.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'eu-central-1';

/** A service that is overwhelmed, and counts who comes. */
async function startBusyServer(t: Test) {
  const seen = { requests: 0 };
  const server = createServer((_request, response) => {
    seen.requests += 1;
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { endpoint, seen };
}

interface Timeouts {
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly socketTimeout: number;
  readonly throwOnRequestTimeout: boolean;
}

/** What the client's connections really keep to; known after the first request. */
function timeoutsOf(client: S3Client | SQSClient | DynamoDBClient): Timeouts {
  const handler = client.config.requestHandler as unknown as { httpHandlerConfigs(): Timeouts };
  return handler.httpHandlerConfigs();
}

t.test('S3: five attempts, minutes for each, as copies need them', async (t) => {
  const { endpoint, seen } = await startBusyServer(t);
  const client = new S3Client({ ...s3ClientConfig({ region, forcePathStyle: true }), endpoint, credentials });
  t.teardown(() => client.destroy());
  await t.rejects(client.send(new ListBucketsCommand()));
  t.equal(seen.requests, 5);
  t.equal(client.config.forcePathStyle, true);
  t.match(timeoutsOf(client), { connectionTimeout: 2000, throwOnRequestTimeout: true });
  t.ok(timeoutsOf(client).requestTimeout >= 60_000);
  t.ok(timeoutsOf(client).socketTimeout >= timeoutsOf(client).requestTimeout);
});

t.test('S3: as many calls at once as were said, and none waits for the connection of another', async (t) => {
  const callsAtOnce = 100;
  const arrived = Promise.withResolvers<void>();
  const held: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    held.push(response);
    if (held.length === callsAtOnce) arrived.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = s3ClientConfig({ region, forcePathStyle: true, callsAtOnce });
  const client = new S3Client({ ...config, endpoint, credentials });
  t.teardown(() => client.destroy());
  const calls = Promise.all(
    Array.from({ length: callsAtOnce }, () => client.send(new HeadBucketCommand({ Bucket: 'bucket' }))),
  );
  await arrived.promise;
  for (const response of held) response.writeHead(200).end();
  await calls;
  t.equal(held.length, callsAtOnce);
});

t.test('SQS: three attempts, each longer than the long poll', async (t) => {
  const { endpoint, seen } = await startBusyServer(t);
  const client = new SQSClient({
    ...sqsClientConfig({ region, longPollSeconds: 20 }),
    endpoint,
    credentials,
  });
  t.teardown(() => client.destroy());
  await t.rejects(client.send(new ListQueuesCommand()));
  t.equal(seen.requests, 3);
  t.match(timeoutsOf(client), { connectionTimeout: 2000, throwOnRequestTimeout: true });
  t.ok(timeoutsOf(client).requestTimeout > 20_000);
  t.ok(timeoutsOf(client).socketTimeout > 20_000);
});

t.test('DynamoDB: four attempts, seconds for each', async (t) => {
  const { endpoint, seen } = await startBusyServer(t);
  const client = new DynamoDBClient({ ...dynamoDbClientConfig({ region }), endpoint, credentials });
  t.teardown(() => client.destroy());
  await t.rejects(client.send(new ListTablesCommand()));
  t.equal(seen.requests, 4);
  t.match(timeoutsOf(client), {
    connectionTimeout: 2000,
    requestTimeout: 3000,
    socketTimeout: 3000,
    throwOnRequestTimeout: true,
  });
});
