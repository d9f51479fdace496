import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { provision, startLocalAws } from '@upload-once/local-aws';
import { createDynamoDbUploadStore, createS3ObjectListing, createS3ObjectStore } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { type Audited, audit } from '../src/soak/audit.ts';
import { createLedger } from '../src/soak/ledger.ts';

const KEY = 'uploads/reading-20260301_120000-a';

/** A cloud with one form that was given and never used. */
async function cloud(t: Test) {
  const localAws = await startLocalAws();
  const { endpoints, region, credentials } = localAws;
  const common = { region, credentials: { ...credentials } };
  const s3 = new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true });
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs });
  const dynamoDb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  t.teardown(async () => {
    for (const client of [s3, sqs, dynamoDb]) client.destroy();
    await localAws.stop();
  });
  const stack = await provision(
    { s3, sqs, dynamoDb, sqsEndpoint: endpoints.sqs },
    { bucket: 'audited', visibilitySeconds: 30, maxReceiveCount: 5 },
  );
  const uploads = createDynamoDbUploadStore({
    client: dynamoDb,
    tableName: stack.tables.uploads,
    recordRetentionSeconds: 0,
    now: () => new Date(),
    newToken: () => 'token',
  });
  const place = { client: s3, bucket: stack.bucket };
  const objects = createS3ObjectStore(place);
  const listing = createS3ObjectListing(place);
  const audited: Audited = { cloud: { uploads, objects, listing }, s3, sqs, dynamoDb, stack };
  const ledger = createLedger();
  ledger.begin(KEY);
  await issue(KEY);

  function issue(key: string): Promise<void> {
    const now = new Date();
    const constraints = { method: 'post', minBytes: 0, maxBytes: 100 } as const;
    return uploads.issue({
      key,
      apiKeyId: 'key-1',
      issuedAt: now,
      expiresAt: now,
      constraints,
      metadata: {},
      traceparent: '',
    });
  }
  return { audited, ledger, s3, dynamoDb, stack, issue };
}

t.test('an unused form, and one that no client got, are no findings', async (t) => {
  const { audited, ledger, issue } = await cloud(t);
  await issue('uploads/answer-lost');
  t.strictSame(await audit(ledger, audited), {
    findings: [],
    processed: 0,
    processedBytes: 0,
    duplicates: 0,
    unused: 1,
  });
});

t.test('P5: an object that belongs to no upload is found, under both prefixes and elsewhere', async (t) => {
  const { audited, ledger, s3, stack } = await cloud(t);
  for (const Key of [
    'accepted/orphan',
    'uploads/orphan',
    'elsewhere',
    KEY.replace('uploads/', 'accepted/'),
  ]) {
    await s3.send(new PutObjectCommand({ Bucket: stack.bucket, Key, Body: 'x' }));
  }
  const { findings } = await audit(ledger, audited);
  t.equal(findings.length, 4);
  for (const [at, says] of [
    /nothing is claimed, but something was accepted/,
    /^P5: accepted\/orphan: .* belongs to no upload/,
    /^P5: elsewhere: .* belongs to no upload/,
    /^P5: uploads\/orphan: .* belongs to no upload/,
  ].entries()) {
    t.match(findings[at], says);
  }
});

t.test('P2: a delete marker over an object is found', async (t) => {
  const { audited, ledger, s3, stack } = await cloud(t);
  await s3.send(new DeleteObjectCommand({ Bucket: stack.bucket, Key: KEY }));
  t.match((await audit(ledger, audited)).findings, [/^P2: .*the delete marker/]);
});

t.test('P5: what is on record for a key that no client got a form for is found', async (t) => {
  const { audited, ledger, dynamoDb, stack } = await cloud(t);
  for (const [FullFilename, item, state] of [
    ['uploads/other', 'upload', 'PROCESSED'],
    ['uploads/orphan', 'orphan#1', undefined],
  ] as const) {
    const Item = {
      FullFilename: { S: FullFilename },
      item: { S: item },
      ...(state && { state: { S: state } }),
    };
    await dynamoDb.send(new PutItemCommand({ TableName: stack.tables.uploads, Item }));
  }
  const { findings } = await audit(ledger, audited);
  t.strictSame(findings.toSorted(), [
    'P5: uploads/orphan: orphan#1 is on record, for which no client got a form',
    'P5: uploads/other: upload is on record, for which no client got a form',
  ]);
});
