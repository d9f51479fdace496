import {
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import t, { type Test } from 'tap';
import { CORS_RULE } from '../src/provision.ts';
import { type Ready, runMain, startMain } from './support/main-process.ts';

function clientsOf(t: Test, { endpoints, region, credentials }: Ready) {
  const s3 = new S3Client({ endpoint: endpoints.s3, region, credentials, forcePathStyle: true });
  const sqs = new SQSClient({ endpoint: endpoints.sqs, region, credentials });
  const dynamoDb = new DynamoDBClient({ endpoint: endpoints.dynamodb, region, credentials });
  t.teardown(() => {
    for (const client of [s3, sqs, dynamoDb]) client.destroy();
  });
  return { s3, sqs, dynamoDb };
}

/** Receives until a message has what is looked for, and gives that. */
async function firstEvent(sqs: SQSClient, queueUrl: string): Promise<{ key: string; versionId: string }> {
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 }),
    );
    for (const { Body = '' } of Messages) {
      const [record] = JSON.parse(Body).Records ?? [];
      if (record !== undefined) return record.s3.object;
    }
  }
}

t.test('it provisions everything before it says that it is ready, and stops with 0', async (t) => {
  const { ready, stop } = await startMain(t, {
    LOCAL_AWS_BUCKET: 'photos',
    LOCAL_AWS_REGION: 'eu-central-1',
    LOCAL_AWS_ACCESS_KEY_ID: 'EXAMPLEKEY',
    LOCAL_AWS_SECRET_ACCESS_KEY: 'example-secret',
    LOCAL_AWS_SESSION_TOKEN: 'example-token',
    LOCAL_AWS_MAX_RECEIVE_COUNT: '2',
    LOCAL_AWS_VISIBILITY_SECONDS: '7',
  });
  t.match(ready, {
    bucket: 'photos',
    region: 'eu-central-1',
    tables: { uploads: 'uploads', access: 'access' },
  });
  t.same(ready.credentials, {
    accessKeyId: 'EXAMPLEKEY',
    secretAccessKey: 'example-secret',
    sessionToken: 'example-token',
  });
  for (const url of [...Object.values(ready.endpoints), ...Object.values(ready.queues)]) {
    t.match(url, /^http:\/\/127\.0\.0\.1:\d+/);
  }
  const { s3, sqs, dynamoDb } = clientsOf(t, ready);
  const put = await s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'versioned', Body: 'x' }));
  t.ok(put.VersionId, 'the bucket keeps versions');
  for (const [name, keys] of [
    ['uploads', ['FullFilename', 'item']],
    ['access', ['id', 'item']],
  ] as const) {
    const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName: name }));
    t.same(
      Table?.KeySchema?.map(({ AttributeName }) => AttributeName),
      keys,
    );
  }
  for (const queue of ['uploadEvents', 'acceptedEvents', 'webhooks'] as const) {
    const attributes = async (url: string) =>
      (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] })))
        .Attributes ?? {};
    const { VisibilityTimeout, RedrivePolicy = '' } = await attributes(ready.queues[queue]);
    t.equal(VisibilityTimeout, '7');
    const deadLetter = await attributes(ready.queues[`${queue}DeadLetter`]);
    t.match(JSON.parse(RedrivePolicy), { maxReceiveCount: 2, deadLetterTargetArn: deadLetter.QueueArn });
  }
  t.equal(await stop(), 0);
});

t.test('on its old folder it has its objects and items again, and sends their events again', async (t) => {
  const directory = t.testdir();
  const item = { FullFilename: { S: 'uploads/kept' }, item: { S: 'upload' } };
  const first = await startMain(t, { LOCAL_AWS_DATA: directory });
  const before = clientsOf(t, first.ready);
  const object = { Bucket: first.ready.bucket, Key: 'uploads/kept' };
  const { VersionId } = await before.s3.send(new PutObjectCommand({ ...object, Body: 'kept' }));
  await before.dynamoDb.send(new PutItemCommand({ TableName: 'uploads', Item: item }));
  t.equal(await first.stop(), 0);

  const { ready } = await startMain(t, { LOCAL_AWS_DATA: directory });
  const { s3, sqs, dynamoDb } = clientsOf(t, ready);
  const { Body } = await s3.send(new GetObjectCommand(object));
  t.equal(await Body?.transformToString(), 'kept');
  const { Item } = await dynamoDb.send(
    new GetItemCommand({ TableName: 'uploads', Key: item, ConsistentRead: true }),
  );
  t.same(Item, item);
  t.match(await firstEvent(sqs, ready.queues.uploadEvents), { key: 'uploads/kept', versionId: VersionId });
});

t.test(
  'the bucket has the CORS that Terraform gives it: none, or one rule for the origins that are named',
  async (t) => {
    const directory = t.testdir();
    const corsFor = async (origins: readonly string[], settings: Record<string, string>) => {
      const { ready, stop } = await startMain(t, { LOCAL_AWS_DATA: directory, ...settings });
      const found = [];
      for (const origin of origins) {
        const { headers } = await fetch(`${ready.endpoints.s3}/${ready.bucket}`, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'PUT',
            'access-control-request-headers': 'x-any',
          },
        });
        found.push(
          ['origin', 'methods', 'headers'].map((name) => headers.get(`access-control-allow-${name}`)),
          ['expose-headers', 'max-age'].map((name) => headers.get(`access-control-${name}`)),
        );
      }
      await stop();
      return found;
    };
    const named = ['https://www.example.com', 'http://localhost:3000'];
    const none = [
      [null, null, null],
      [null, null],
    ];
    t.strictSame(await corsFor(named.slice(1), {}), none);
    t.strictSame(
      await corsFor([...named, 'https://other.example.com'], { LOCAL_AWS_CORS_ORIGINS: named.join(', ') }),
      [
        ...named.flatMap((origin) => [
          [origin, 'POST, PUT', 'x-any'],
          [CORS_RULE.ExposeHeaders.join(', '), '3600'],
        ]),
        ...none,
      ],
    );
    const formsOnly = { LOCAL_AWS_CORS_ORIGINS: named.join(', '), PRESIGNED_PUT: 'false' };
    t.strictSame(
      await corsFor(named, formsOnly),
      [...none, ...none],
      'where PUTs are refused, no page may PUT',
    );
    t.strictSame(await corsFor(named.slice(1), {}), none, 'it goes with the setting');
  },
);

t.test('wrong settings are all named at once', async (t) => {
  const { code, errors } = await runMain({
    LOCAL_AWS_S3_PORT: '70000',
    LOCAL_AWS_MAX_RECEIVE_COUNT: '0',
    LOCAL_AWS_VISIBILITY_SECONDS: 'long',
    LOCAL_AWS_BUCKET: 'No_Bucket',
  });
  t.equal(code, 78);
  t.same(errors.trim().split('\n').sort(), [
    'LOCAL_AWS_BUCKET: 3 to 63 lower-case letters, digits, dots and hyphens were expected, not "No_Bucket"',
    'LOCAL_AWS_MAX_RECEIVE_COUNT: a whole number from 1 to 1000 was expected, not "0"',
    'LOCAL_AWS_S3_PORT: a whole number from 0 to 65535 was expected, not "70000"',
    'LOCAL_AWS_VISIBILITY_SECONDS: a whole number from 0 to 43200 was expected, not "long"',
  ]);
});
