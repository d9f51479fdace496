import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import t, { type Test } from 'tap';
import { dynamoDbClientConfig, lighten, s3ClientConfig, sqsClientConfig } from '../src/index.ts';

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

t.test('a lightened client sends the same, but for its user agent, and as often', async (t) => {
  const requests: (readonly [string, string | undefined, readonly string[]])[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    requests.push([url, headers['user-agent'], Object.keys(headers).sort()]);
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const createClient = () =>
    new S3Client({
      ...s3ClientConfig({ region, forcePathStyle: true }),
      maxAttempts: 2,
      endpoint,
      credentials,
    });
  const [plain, light] = [createClient(), lighten(createClient())];
  t.teardown(() => plain.destroy());
  t.teardown(() => light.destroy());
  for (const client of [plain, light]) await t.rejects(client.send(new ListBucketsCommand()));
  t.equal(requests.length, 4);
  const [sdk, , ours, again] = requests;
  const others = sdk?.[2].filter((name) => name !== 'x-amz-user-agent');
  t.strictSame(ours, [sdk?.[0], 'upload-once', others]);
  t.strictSame(again, ours);
});

t.test('an SDK whose parts have other names is noticed', async (t) => {
  const client = new S3Client({ region });
  client.middlewareStack.remove('loggerMiddleware');
  t.throws(() => lighten(client), { message: 'the AWS SDK has no loggerMiddleware' });
});
