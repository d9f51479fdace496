import { createHash, randomBytes } from 'node:crypto';
import { BatchWriteItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { provision, startLocalAws } from '@upload-once/local-aws';
import { waitFor } from '@upload-once/local-stack/outcome.ts';
import t from 'tap';
import { startAwsProxy } from '../src/proxy/aws-proxy.ts';
import { type Judge, RefusalKind } from '../src/proxy/call-outcome.ts';

const localAws = await startLocalAws({ onFault: (error) => t.fail(String(error)) });
const { endpoints, region, credentials } = localAws;
const proxy = await startAwsProxy(endpoints);
const common = { region, credentials: { ...credentials }, maxAttempts: 1 };
const s3 = new S3Client({ ...common, endpoint: proxy.env.AWS_ENDPOINT_URL_S3 ?? '', forcePathStyle: true });
const sqs = new SQSClient({ ...common, endpoint: proxy.env.AWS_ENDPOINT_URL_SQS ?? '' });
const dynamoDb = new DynamoDBClient({ ...common, endpoint: proxy.env.AWS_ENDPOINT_URL_DYNAMODB ?? '' });
const {
  bucket: Bucket,
  tables,
  queues,
} = await provision(
  { s3, sqs, dynamoDb, sqsEndpoint: endpoints.sqs },
  { bucket: 'proxied', visibilitySeconds: 30, maxReceiveCount: 5 },
);
const QueueUrl = proxy.queueUrl(queues.uploadEvents);
t.teardown(async () => {
  for (const client of [s3, sqs, dynamoDb]) client.destroy();
  proxy.stop();
  await localAws.stop();
});
t.afterEach(() => proxy.judge());

const TableName = tables.uploads;
const getItem = () => new GetItemCommand({ TableName, Key: { FullFilename: { S: 'a' }, item: { S: 'b' } } });

t.test('calls are named and counted, bytes and signatures pass unchanged', async (t) => {
  const body = randomBytes(3 * 1024 * 1024);
  const seen: unknown[] = [];
  proxy.judge(({ name, occurrence, key }) => {
    seen.push({ name, occurrence, key });
    return { kind: 'pass' };
  });
  await s3.send(new PutObjectCommand({ Bucket, Key: 'some/key ü', Body: body }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'some/key ü' }));
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  t.equal(hash((await got.Body?.transformToByteArray()) ?? new Uint8Array()), hash(body));
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/some/key%20%C3%BC` }));
  await s3.send(new GetObjectCommand({ Bucket, Key: 'copy' })).then(({ Body }) => Body?.transformToString());
  await dynamoDb.send(getItem());
  await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 0 }));
  t.strictSame(seen, [
    { name: 's3 PutObject', occurrence: 1, key: 'some/key ü' },
    { name: 's3 GetObject', occurrence: 1, key: 'some/key ü' },
    { name: 's3 CopyObject', occurrence: 1, key: 'copy' },
    { name: 's3 GetObject', occurrence: 2, key: 'copy' },
    { name: 'dynamodb GetItem', occurrence: 1, key: '' },
    { name: 'sqs ReceiveMessage', occurrence: 1, key: '' },
  ]);
  t.equal(proxy.counts.get('s3 GetObject'), 2);
});

for (const [error, s3Name, sqsName, dynamoDbName] of [
  [RefusalKind.internal, 'InternalError', 'InternalFailure', 'InternalServerError'],
  [RefusalKind.unavailable, 'ServiceUnavailable', 'ServiceUnavailable', 'ServiceUnavailable'],
  [RefusalKind.throttled, 'SlowDown', 'RequestThrottled', 'ProvisionedThroughputExceededException'],
] as const) {
  t.test(`refused as ${error}: each service returns its own error, and does nothing`, async (t) => {
    proxy.judge(() => ({ kind: 'refuse', error }));
    await t.rejects(s3.send(new PutObjectCommand({ Bucket, Key: error, Body: 'x' })), { name: s3Name });
    await t.rejects(sqs.send(new ReceiveMessageCommand({ QueueUrl })), { name: sqsName });
    await t.rejects(dynamoDb.send(getItem()), { name: dynamoDbName });
    proxy.judge();
    await t.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: error })), { name: 'NotFound' });
  });
}

t.test('what a client tries again says which attempt it is, whatever the service', async (t) => {
  const trying = { ...common, maxAttempts: 3 };
  const clients = {
    s3: new S3Client({ ...trying, endpoint: proxy.env.AWS_ENDPOINT_URL_S3 ?? '', forcePathStyle: true }),
    sqs: new SQSClient({ ...trying, endpoint: proxy.env.AWS_ENDPOINT_URL_SQS ?? '' }),
    dynamoDb: new DynamoDBClient({ ...trying, endpoint: proxy.env.AWS_ENDPOINT_URL_DYNAMODB ?? '' }),
  };
  t.teardown(() => Object.values(clients).map((client) => client.destroy()));
  for (const call of [
    () => clients.s3.send(new PutObjectCommand({ Bucket, Key: 'attempts', Body: 'x' })),
    () => clients.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 0 })),
    () => clients.dynamoDb.send(getItem()),
  ]) {
    const seen: number[] = [];
    proxy.judge(({ attempt }) => {
      seen.push(attempt);
      return attempt < 3 ? { kind: 'refuse', error: RefusalKind.internal } : { kind: 'pass' };
    });
    await call();
    t.strictSame(seen, [1, 2, 3]);
  }
});

t.test('half written: every second item of a BatchWriteItem is there, the others come back', async (t) => {
  proxy.judge(() => ({ kind: 'write-half' }));
  const keyOf = (name: string) => ({ FullFilename: { S: name }, item: { S: 'upload' } });
  const requests = ['h1', 'h2', 'h3', 'h4'].map((name) => ({ PutRequest: { Item: keyOf(name) } }));
  const written = await dynamoDb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  t.strictSame(written.UnprocessedItems, { [TableName]: [requests[1], requests[3]] });
  proxy.judge();
  for (const [name, isThere] of [
    ['h1', true],
    ['h2', false],
    ['h3', true],
    ['h4', false],
  ] as const) {
    const { Item } = await dynamoDb.send(new GetItemCommand({ TableName, Key: keyOf(name) }));
    t.equal(Item !== undefined, isThere, name);
  }
});

t.test('cut: the connection breaks, and nothing is done', async (t) => {
  proxy.judge(() => ({ kind: 'cut' }));
  await t.rejects(s3.send(new PutObjectCommand({ Bucket, Key: 'cut', Body: 'x' })), { code: 'ECONNRESET' });
  proxy.judge();
  await t.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: 'cut' })), { name: 'NotFound' });
});

t.test('late: the call is taken in, and done when its client has gone', async (t) => {
  const client = new AbortController();
  const land = Promise.withResolvers<void>();
  proxy.judge(() => ({
    kind: 'late',
    async meanwhile() {
      client.abort();
      await land.promise;
    },
  }));
  const put = new PutObjectCommand({ Bucket, Key: 'late', Body: 'x' });
  await t.rejects(s3.send(put, { abortSignal: client.signal }), { name: 'AbortError' });
  proxy.judge();
  const head = () => s3.send(new HeadObjectCommand({ Bucket, Key: 'late' }));
  await t.rejects(head(), { name: 'NotFound' });
  land.resolve();
  await waitFor(
    () => head().catch(() => undefined),
    (found) => found !== undefined,
    () => 'it has not landed',
  );
});

t.test('a lost response: the call is done, then `meanwhile` runs, then the connection breaks', async (t) => {
  const wasThere = Promise.withResolvers<boolean>();
  const judge: Judge = ({ operation }) =>
    operation === 'PutObject'
      ? {
          kind: 'lose-response',
          meanwhile: async () =>
            wasThere.resolve((await s3.send(new HeadObjectCommand({ Bucket, Key: 'lost' }))).ETag !== ''),
        }
      : { kind: 'pass' };
  proxy.judge(judge);
  await t.rejects(s3.send(new PutObjectCommand({ Bucket, Key: 'lost', Body: 'x' })), {
    code: 'ECONNRESET',
  });
  t.equal(await wasThere.promise, true);
});

t.test(
  'a call is held until its judge has decided, and its response comes after what must precede it',
  async (t) => {
    const release = Promise.withResolvers<void>();
    const order: string[] = [];
    proxy.judge(async () => {
      order.push('held');
      await release.promise;
      return { kind: 'pass', beforeResponse: () => void order.push('done') };
    });
    const put = s3.send(new PutObjectCommand({ Bucket, Key: 'held', Body: 'x' }));
    void put.then(() => order.push('responded'));
    await t.rejects(
      new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true }).send(
        new HeadObjectCommand({ Bucket, Key: 'held' }),
      ),
      { name: 'NotFound' },
    );
    release.resolve();
    await put;
    t.strictSame(order, ['held', 'done', 'responded']);
  },
);

t.test('closed: connections are refused, and taken again on the same port once it is open', async (t) => {
  await s3.send(new HeadObjectCommand({ Bucket, Key: 'held' }));
  proxy.close('s3');
  await t.rejects(fetch(proxy.env.AWS_ENDPOINT_URL_S3 ?? ''), { cause: { code: 'ECONNREFUSED' } });
  await dynamoDb.send(getItem());
  await proxy.open('s3');
  t.match(await s3.send(new HeadObjectCommand({ Bucket, Key: 'held' })), { ContentLength: 1 });
});

t.test('closing resets what is under way', async (t) => {
  const held = Promise.withResolvers<void>();
  proxy.judge(async () => {
    held.resolve();
    return new Promise(() => undefined);
  });
  const put = s3.send(new PutObjectCommand({ Bucket, Key: 'never', Body: 'x' }));
  put.catch(() => undefined);
  await held.promise;
  proxy.close('s3');
  await t.rejects(put, { code: 'ECONNRESET' });
  await proxy.open('s3');
});
