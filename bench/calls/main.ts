import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CopyObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { startProcess } from '@upload-once/local-stack/child-process.ts';
import { urlOf } from '@upload-once/local-stack/stack.ts';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { dynamoDbClientConfig, lighten, s3ClientConfig } from '@upload-once/runtime';
import { createDynamoDbTable } from '@upload-once/table';
import { createUploadSigner } from '../../services/url-issuer/src/signing/upload-signer.ts';
import { keepOnCore } from '../process-cpu.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import { type CallResults, callRows } from './report.ts';

/** What one call takes of this process's CPU: as the AWS SDK does it, and as upload-once does. */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 7, 100);
const CALLS = wholeNumber(process.env, 'CALLS', 1_000, 100_000);
const AT_ONCE = 16;

type Call = () => Promise<unknown>;

const machine = machineLine(new Date());
const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
const stub = startProcess({
  name: 'aws-stub',
  program: fileURLToPath(new URL('aws-stub.ts', import.meta.url)),
  env: {},
  logFile: join(logFolder, 'aws-stub.log'),
});
const endpoint = await urlOf(stub);
keepOnCore(process.pid, 0);
keepOnCore(stub.pid, 1);
try {
  const results: CallResults = { machine, calls: await measure() };
  process.stdout.write(`${machine}\n\n${textTable(callRows(results))}\n`);
  await writeResults('calls', results);
} finally {
  await stub.stop();
}
await rm(logFolder, { recursive: true });
// The connections of the clients are of no use any more.
process.exit();

async function measure(): Promise<CallResults['calls']> {
  const calls = Object.entries(contenders()).map(([name, both]) => ({
    name,
    both,
    rounds: [] as { sdk: number; own: number }[],
  }));
  // One round to warm up, which does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { both, rounds } of calls) {
      const figures = { sdk: await cpuOf(both.sdk), own: await cpuOf(both.own) };
      if (round > 0) rounds.push(figures);
    }
  }
  return calls.map(({ name, rounds }) => ({ name, rounds }));
}

/** In microseconds, of all threads of this process. */
async function cpuOf(call: Call): Promise<number> {
  const before = process.cpuUsage();
  let left = CALLS;
  const callAll = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, callAll));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

function contenders(): Readonly<Record<string, Readonly<Record<'sdk' | 'own', Call>>>> {
  const region = 'eu-central-1';
  const credentials = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  };
  const aws = { endpoint, region, credentials };
  return {
    'UpdateItem, with its item read': updateItem(
      new DynamoDBClient(aws),
      new DynamoDBClient({ ...dynamoDbClientConfig({ region }), ...aws }),
    ),
    CopyObject: copyObject(
      new S3Client({ ...aws, forcePathStyle: true }),
      lighten(new S3Client({ ...s3ClientConfig({ region, forcePathStyle: true }), ...aws })),
    ),
    'a form, signed': form(new S3Client(aws)),
  };
}

function updateItem(sdk: DynamoDBClient, own: DynamoDBClient) {
  const key = {
    FullFilename: 'uploads/UploadFilename-20261129_050607-abcdefghijklmnopqrstuvwxyz',
    item: 'upload',
  };
  const claim = {
    state: 'CLAIMED',
    versionId: 'x'.repeat(32),
    eTag: 'a'.repeat(32),
    claimedAt: '2026-11-29T05:06:07.890Z',
  };
  const table = createDynamoDbTable<typeof key, typeof key & Partial<typeof claim>>({
    client: own,
    tableName: 'uploads',
    partitionKey: 'FullFilename',
  });
  const update = {
    TableName: 'uploads',
    Key: { FullFilename: { S: key.FullFilename }, item: { S: key.item } },
    ConditionExpression: 'attribute_exists(FullFilename) AND #state = :v0',
    UpdateExpression: 'SET #state = :v1, #versionId = :v2, #eTag = :v3, #claimedAt = :v4',
    ExpressionAttributeNames: {
      '#state': 'state',
      '#versionId': 'versionId',
      '#eTag': 'eTag',
      '#claimedAt': 'claimedAt',
    },
    ExpressionAttributeValues: {
      ':v0': { S: 'ISSUED' },
      ':v1': { S: claim.state },
      ':v2': { S: claim.versionId },
      ':v3': { S: claim.eTag },
      ':v4': { S: claim.claimedAt },
    },
    ReturnValues: 'ALL_NEW' as const,
  };
  return {
    sdk: () => sdk.send(new UpdateItemCommand(update)),
    own: () => table.update(key, { when: [{ attribute: 'state', equals: 'ISSUED' }], set: claim }),
  };
}

function copyObject(sdk: S3Client, own: S3Client) {
  const copy = {
    Bucket: 'bucket',
    Key: 'accepted/a',
    CopySource: 'bucket/uploads/a?versionId=v',
    IfNoneMatch: '*',
  };
  return {
    sdk: () => sdk.send(new CopyObjectCommand(copy)),
    own: () => own.send(new CopyObjectCommand(copy)),
  };
}

function form(client: S3Client) {
  const bucket = 'bucket';
  const signer = createUploadSigner({ client, bucket, now: () => new Date() });
  const key = 'uploads/UploadFilename-20261129_050607-abcdefghijklmnopqrstuvwxyz';
  const [minBytes, maxBytes] = [0, 5_368_709_120];
  const conditions = {
    Bucket: bucket,
    Key: key,
    Conditions: [['content-length-range', minBytes, maxBytes] as ['content-length-range', number, number]],
    Expires: 30,
  };
  return {
    sdk: () => createPresignedPost(client, conditions),
    async own() {
      const issuedAt = new Date();
      const signing = await signer.begin(new Date(issuedAt.getTime() + 30_000));
      return signing.sign({
        key,
        issuedAt,
        metadata: {},
        constraints: { method: 'post', minBytes, maxBytes },
      });
    },
  };
}
