// The commands of docs/recovery.md, read from the page and run in its order in one shell: AWS CLI, Terraform and upload-once, at a stand-in of AWS.
// Everything is gone when that stops. What the services do with it: local/stack/test/recovery-drill.test.ts.
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  acceptedKeyOf,
  createDynamoDbUploadStore,
  createS3ObjectListing,
  makeUploadKey,
  UploadState,
} from '@upload-once/uploads';
import t from 'tap';
import { createClients } from './moto/clients.ts';
import { createOperatorShell } from './moto/operator-shell.ts';
import { startMoto } from './moto/start-moto.ts';
import { repositoryFolder, terraformFolder } from './support/folders.ts';
import { blocksOf, scriptOf } from './support/page-commands.ts';

const NAME = 'upload-once';
const RESTORED = `${NAME}-uploads-2`;
const COPY = 'once-copy';
const REGION = 'eu-central-1';
const DAY_MS = 86_400_000;
/** More than the AWS CLI copies in one part by default. */
const LARGE = 'x'.repeat(9 * 1024 ** 2);

const moto = await startMoto();
t.teardown(() => moto.stop());
const { autoScaling, dynamodb, ecs, s3, sqs } = createClients(moto.endpoint);
const folder = mkdtempSync(join(tmpdir(), 'runbook-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
cpSync(terraformFolder, join(folder, 'terraform'), {
  recursive: true,
  filter: (path) => !/\/(tests|examples|local|\.terraform[^/]*)$|\.tfstate|\.tfvars$|backend\.tf$/.test(path),
});

const SETTINGS = 'profile = "small"\n';
const inShell = await createOperatorShell(
  t,
  { endpoint: moto.endpoint, region: REGION, folder },
  {
    make: `[ "$1" = deploy ] && exec terraform -chdir=terraform apply -no-color -auto-approve -parallelism=40 -var "image_tag=$TAG"`,
    npx: `[ "$1" = upload-once ] && shift && exec ${process.execPath} ${repositoryFolder}/packages/cli/bin/upload-once.mjs "$@"`,
  },
);

const uploadsIn = (tableName: string) =>
  createDynamoDbUploadStore({
    client: dynamodb,
    tableName,
    recordRetentionSeconds: 113 * 86_400,
    now: () => new Date(),
    newToken: () => randomBytes(16).toString('hex'),
  });

const keyOf = (name: string, days = 0) =>
  makeUploadKey(name, new Date(Date.now() - days * DAY_MS), randomBytes(16));

async function issue(name: string): Promise<string> {
  const key = keyOf(name);
  await uploadsIn(`${NAME}-uploads`).issue({
    ...{ key, apiKeyId: 'key-1', issuedAt: new Date(), expiresAt: new Date(), metadata: {} },
    constraints: { method: 'post', minBytes: 0, maxBytes: LARGE.length },
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  return key;
}

async function versionsIn(bucket: string, prefix: string) {
  return (await Array.fromAsync(createS3ObjectListing({ client: s3, bucket }).pages(prefix))).flat();
}

const names = blocksOf('operations.md', '## Commands')
  .filter(({ lines }) => lines.includes('unalias tf'))
  .map(({ language, lines }) => ({ language, lines: lines.replace(/^export AWS_REGION=.*$/m, '') }));
const first = blocksOf('recovery.md', '# Recovery');
const stop = blocksOf('recovery.md', '## A table is lost or damaged').slice(0, 1);
const start = blocksOf('recovery.md', '## A table is lost or damaged').filter(({ lines }) =>
  lines.includes('make deploy'),
);

const made = await inShell(
  scriptOf([{ language: 'hcl', lines: '' }], SETTINGS) +
    'terraform -chdir=terraform init -no-color -backend=false\nTAG=first make deploy\n',
);
const Bucket = (await s3.listBuckets({})).Buckets?.[0]?.Name ?? '';

t.test('the installation is made', async (t) => {
  t.strictSame(made.failed, [], made.stderr);
  t.ok(Bucket);
});

t.test('a table is lost: every command of the page works, in its order', async (t) => {
  const [revoked, kept] = [await issue('revoked'), await issue('kept')];
  const later = keyOf('later');
  const time = new Date(Date.now() - 60_000).toISOString();
  await s3.deleteBucketPolicy({ Bucket });
  await s3.putObject({ Bucket, Key: acceptedKeyOf(later), Body: 'came later' });
  const at = new Date().toISOString();
  const blocks = blocksOf('recovery.md', '## A table is lost or damaged');
  const script = scriptOf([...names, ...first, ...blocks], SETTINGS)
    .replace('2030-01-31T12:00:00Z', time)
    .replace('uploads/…', revoked)
    .replace('2030-01-31T12:34:56.000Z', at);
  t.notMatch(script, '…', 'nothing else is to be filled in');
  const { failed, stdout, stderr } = await inShell(script);
  t.strictSame(
    failed,
    [
      '4 npx upload-once adopt --since "$TIME"',
      '4 npx upload-once audit --repair --again --older-than 0',
      '6 npx upload-once audit',
    ],
    stderr,
  );
  t.match(stdout, /Import successful/);
  t.match(stdout, /Apply complete!/);
  t.notMatch(stdout, /module\.storage\.\S+: Destroying/, 'the old table stays');

  const uploads = uploadsIn(RESTORED);
  t.match(await uploads.get(revoked), { state: UploadState.revoked, revokedAt: new Date(at) });
  t.match(await uploads.get(kept), { state: UploadState.issued });
  t.match(await uploads.get(later), {
    state: UploadState.accepted,
    adopted: { by: 'Ada', reason: `table restored to ${time}` },
  });
  t.match(
    await uploadsIn(`${NAME}-uploads`).get(revoked),
    { state: UploadState.issued },
    'the old table stays',
  );
  const { TimeToLiveDescription } = await dynamodb.describeTimeToLive({ TableName: RESTORED });
  t.match(TimeToLiveDescription, { AttributeName: 'deleteAt', TimeToLiveStatus: 'ENABLED' });

  const { services = [] } = await ecs.describeServices({
    cluster: NAME,
    services: ['url-issuer', 'acceptor', 'processor'].map((service) => `${NAME}-${service}`),
  });
  for (const { serviceName, desiredCount, taskDefinition } of services) {
    const targets = await autoScaling.describeScalableTargets({
      ServiceNamespace: 'ecs',
      ResourceIds: [`service/${NAME}/${serviceName}`],
    });
    t.ok((desiredCount ?? 0) > 0, `${serviceName} runs`);
    t.equal(targets.ScalableTargets?.[0]?.MinCapacity, desiredCount, 'as many as before');
    const [container] =
      (await ecs.describeTaskDefinition({ taskDefinition })).taskDefinition?.containerDefinitions ?? [];
    t.match(container?.image, /:first$/, 'the image that ran');
    t.match(
      container?.environment?.find(({ name }) => name === 'UPLOADS_TABLE'),
      { value: RESTORED },
    );
  }
});

t.test('the bucket is lost: every command of the page works, in its order', async (t) => {
  const uploads = uploadsIn(RESTORED);
  const [later] = (await versionsIn(Bucket, 'accepted/')) ?? [];
  const known = later?.key.replace('accepted/', 'uploads/') ?? '';
  await uploads.startProcessing(known, {
    ...{ acceptedVersionId: later?.versionId ?? '', leaseOwner: 'a processor', leaseSeconds: 60 },
  });
  await uploads.finish(known, 1);
  // One that the AWS CLI would copy in parts by default.
  const large = keyOf('large');
  await s3.createBucket({ Bucket: COPY, CreateBucketConfiguration: { LocationConstraint: REGION } });
  const { ETag = '' } = await s3.putObject({ Bucket: COPY, Key: acceptedKeyOf(large), Body: LARGE });
  await s3.putObject({ Bucket: COPY, Key: acceptedKeyOf(known), Body: 'came later' });
  const expired = keyOf('expired', 400);
  await s3.putObject({ Bucket: COPY, Key: acceptedKeyOf(expired), Body: 'years ago' });
  await uploads.issue({
    ...{ key: large, apiKeyId: 'key-1', issuedAt: new Date(), expiresAt: new Date(), metadata: {} },
    constraints: { method: 'post', minBytes: 0, maxBytes: LARGE.length },
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  const claimed = { eTag: ETag.replaceAll('"', ''), sizeBytes: LARGE.length, storedAt: new Date() };
  await uploads.claim(large, { ...claimed, versionId: 'v1' });
  await uploads.accept(large, { claimedVersionId: 'v1', acceptedVersionId: 'lost' });
  await s3.deleteBucketPolicy({ Bucket });
  for (const { key, versionId } of await versionsIn(Bucket, ''))
    await s3.deleteObject({ Bucket, Key: key, VersionId: versionId });
  await s3.deleteBucket({ Bucket });

  const blocks = blocksOf('recovery.md', '## The bucket is lost');
  const at = blocks.findIndex(({ lines }) => lines.includes('audit --repair'));
  const script = scriptOf(
    [...names, ...first, ...stop, ...blocks.slice(0, at), ...start, ...blocks.slice(at)],
    SETTINGS,
  );
  const filledIn = script.replace('COPY=…', `COPY=${COPY}`);
  t.notMatch(filledIn, '…', 'nothing else is to be filled in');
  const { failed, stdout, stderr } = await inShell(filledIn);
  t.strictSame(
    failed,
    [
      '4 npx upload-once adopt --since "$TIME"',
      '4 npx upload-once adopt --since "$TIME" --yes --by "$USER" --reason "bucket lost"',
      '4 npx upload-once audit --repair --older-than 0',
    ],
    stderr,
  );

  const versionOf = async (key: string) => (await versionsIn(Bucket, acceptedKeyOf(key)))[0]?.versionId;
  t.match(await uploads.get(known), {
    state: UploadState.processed,
    acceptedVersionId: await versionOf(known),
    adopted: { reason: 'bucket lost' },
  });
  t.match(
    await uploads.get(large),
    { state: UploadState.accepted, acceptedVersionId: await versionOf(large) },
    'a large file is known by its MD5, because it was copied in one part',
  );
  t.match(await uploads.get(expired), {
    state: UploadState.processed,
    acceptedVersionId: await versionOf(expired),
  });
  const audited = stdout.slice(stdout.lastIndexOf('Apply complete!'));
  t.match(audited, large, 'its event is sent');
  t.notMatch(audited, known);
  t.notMatch(audited, expired, 'no handler runs again for what was processed long ago');
  const { QueueConfigurations } = await s3.getBucketNotificationConfiguration({ Bucket });
  t.equal(QueueConfigurations?.length, 2, 'and S3 sends events again');
  const { QueueUrl } = await sqs.getQueueUrl({ QueueName: `${NAME}-accepted-events` });
  const sent = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
  const bodies = (sent.Messages ?? []).map(({ Body = '' }) => decodeURIComponent(Body)).join('\n');
  t.match(bodies, acceptedKeyOf(large));
  t.notMatch(bodies, acceptedKeyOf(expired), 'no event of a file that was put back');
});
