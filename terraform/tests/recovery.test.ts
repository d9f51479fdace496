// docs/recovery.md on moto: a table is restored under another name, imported, and takes the place of the first, which stays; and a region is
// lost, whose replicas a second installation begins with. All of it is gone when moto stops.
import { rmSync } from 'node:fs';
import t from 'tap';
import { createClients } from './moto/clients.ts';
import { createOperatorShell } from './moto/operator-shell.ts';
import { startMoto } from './moto/start-moto.ts';
import { blocksOf, scriptOf } from './support/page-commands.ts';
import { runTerraform, stateFile } from './support/run-terraform.ts';

const FOLDER = 'tests/recovery';
const LIMIT_SECONDS = 400;
const RESTORED = 'once-uploads-3';
const COPY_REGION = 'eu-west-1';

const moto = await startMoto();
t.teardown(() => moto.stop());
const { dynamodb, s3, iam, sqs } = createClients(moto.endpoint);
const elsewhere = createClients(moto.endpoint, COPY_REGION);

/** An installation with a state of its own, and no resources. */
function installation(stateName: string, always: Readonly<Record<string, unknown>> = {}) {
  const state = stateFile(`${FOLDER}${stateName}`);
  for (const file of [state, `${state}.backup`]) rmSync(file, { force: true });
  const run = (command: string, args: readonly string[]) =>
    runTerraform(FOLDER, [command, '-no-color', `-state=${state}`, ...args], LIMIT_SECONDS);
  return {
    terraform(command: string, variables: Readonly<Record<string, unknown>>, ...args: string[]) {
      const given = Object.entries({ endpoint: moto.endpoint, ...always, ...variables }).map(
        ([name, value]) => `-var=${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
      );
      return run(command, [...given, ...args]);
    },
    async output(name: string) {
      return JSON.parse((await run('output', ['-json', name])).stdout);
    },
  };
}

const Item = { FullFilename: { S: 'uploads/a-file' }, item: { S: 'upload' } };
const first = installation('');
const restored = { restored: { uploads: [RESTORED] } };

t.test('a restored table takes the place of the first, and no plan removes either', async (t) => {
  const applied = await first.terraform('apply', {}, '-auto-approve', '-parallelism=40');
  t.equal(applied.exitCode, 0, applied.stderr);
  t.equal((await first.output('tables')).uploads.name, 'once-uploads');
  await dynamodb.putItem({ TableName: 'once-uploads', Item });

  const early = await first.terraform('plan', restored);
  t.equal(early.exitCode, 1, 'a name that is no table is refused by the plan');
  t.match(early.stderr, RESTORED);

  await dynamodb.restoreTableToPointInTime({
    SourceTableName: 'once-uploads',
    TargetTableName: RESTORED,
    UseLatestRestorableTime: true,
  });
  const address = `module.storage.aws_dynamodb_table.this["${RESTORED}"]`;
  const imported = await first.terraform('import', restored, address, RESTORED);
  t.equal(imported.exitCode, 0, imported.stderr);

  const switched = await first.terraform('apply', restored, '-auto-approve', '-parallelism=40');
  t.equal(switched.exitCode, 0, switched.stderr);
  t.match(switched.stdout, /Resources: 0 added, \d+ changed, 0 destroyed/);
  t.equal((await first.output('tables')).uploads.name, RESTORED);

  for (const TableName of ['once-uploads', RESTORED])
    t.strictSame((await dynamodb.getItem({ TableName, Key: Item })).Item, Item, TableName);
  const { TimeToLiveDescription } = await dynamodb.describeTimeToLive({ TableName: RESTORED });
  t.match(TimeToLiveDescription, { AttributeName: 'deleteAt', TimeToLiveStatus: 'ENABLED' });
  const { ContinuousBackupsDescription } = await dynamodb.describeContinuousBackups({ TableName: RESTORED });
  t.equal(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus, 'ENABLED');

  const again = await first.terraform('plan', restored);
  t.equal(again.exitCode, 0, 'its own replica is no reason to refuse it');
  t.notMatch(again.stdout, /aws_dynamodb_table\.\S+ (will|must) be/);
});

t.test('accepted files are copied to a bucket that one role writes to', async (t) => {
  const Bucket = (await s3.listBuckets({})).Buckets?.find(({ Name }) => Name?.startsWith('once-1'))?.Name;
  const { ReplicationConfiguration } = await s3.getBucketReplication({ Bucket });
  // moto keeps no filter of a rule; modules/storage/tests has it.
  t.match(ReplicationConfiguration?.Rules, [
    {
      Status: 'Enabled',
      DeleteMarkerReplication: { Status: 'Disabled' },
      Destination: { Bucket: 'arn:aws:s3:::once-copy' },
    },
  ]);
  const notified = await s3.getBucketNotificationConfiguration({ Bucket });
  t.equal(notified.QueueConfigurations?.length, 3);
  const { QueueUrls } = await sqs.listQueues({ QueueNamePrefix: 'once-replication-failures' });
  t.equal(QueueUrls?.length, 1);

  // The copy was made before the role, and knows it by the ARN that it would have.
  const role = await first.output('replication_role_arn');
  t.equal((await iam.getRole({ RoleName: 'once-eu-central-1-replication' })).Role?.Arn, role);
  t.match(
    (await elsewhere.s3.getBucketPolicy({ Bucket: 'once-copy' })).Policy,
    `"aws:PrincipalArn":"${role}"`,
  );
});

t.test('copies can be locked later and no longer, and their bucket stays', async (t) => {
  const locked = await first.terraform('apply', { ...restored, lock_days: 30 }, '-auto-approve');
  t.equal(locked.exitCode, 0, locked.stderr);
  // moto forgets two settings of the other bucket, which are set again.
  t.match(locked.stdout, /Resources: 1 added, \d changed, 0 destroyed/);
  const { ObjectLockConfiguration } = await elsewhere.s3.getObjectLockConfiguration({ Bucket: 'once-copy' });
  t.match(ObjectLockConfiguration?.Rule?.DefaultRetention, { Mode: 'GOVERNANCE', Days: 30 });

  const ended = await first.terraform('plan', restored);
  t.match(ended.stdout, /Plan: 0 to add, \d to change, 1 to destroy/);
  t.match(ended.stdout, /aws_s3_bucket_object_lock_configuration\.this\[0\] will be destroyed/);

  const removed = await first.terraform('plan', { ...restored, lock_days: 30, is_copied: false });
  t.equal(removed.exitCode, 1, 'no plan removes it');
  t.match(removed.stderr, 'prevent_destroy');
});

t.test('a region is lost, and a second installation begins with what was copied', async (t) => {
  await dynamodb.putItem({ TableName: 'once-access', Item: { id: { S: 'key' }, item: { S: 'key' } } });
  const second = installation('-second', { name: 'once-2', region: COPY_REGION, is_copied: false });
  const replica = { restored: { uploads: ['once-uploads'] } };
  const refused = await second.terraform('plan', replica);
  t.equal(refused.exitCode, 1, 'with the replica itself, the plan would delete the original');
  t.match(refused.stderr, /has replicas in eu-central-1/);

  const folder = t.testdir({ terraform: {} });
  const inShell = await createOperatorShell(
    t,
    { endpoint: moto.endpoint, region: 'eu-central-1', folder },
    // Says what it would import, as soon as the settings are there that name it.
    { terraform: `[ "$2" = init ] || { [ -f terraform/terraform.tfvars ] && echo "@import $5 $6"; }` },
  );
  const blocks = blocksOf('recovery.md', '## The region is lost');
  const lastImport = blocks.findIndex(({ lines }) => lines.includes('terraform -chdir=terraform import'));
  t.equal(blocks.length, lastImport + 1, 'later steps point to commands that runbook.test.ts runs');
  const script = scriptOf(blocks).replaceAll('upload-once', 'once');
  const { failed, stdout, stderr } = await inShell(script);
  t.strictSame(failed, [], stderr);
  const imports = [...stdout.matchAll(/^@import (\S+) (\S+)$/gm)];
  t.strictSame(
    imports.map(([, , id]) => id),
    ['once-uploads-2', 'once-access-2'],
  );
  const tables = { restored: /^ *restored_tables += (\{.*\})$/m.exec(script)?.[1] ?? '' };
  for (const [, address = '', id = ''] of imports) {
    const imported = await second.terraform('import', tables, address, id);
    t.equal(imported.exitCode, 0, imported.stderr);
  }
  const applied = await second.terraform('apply', tables, '-auto-approve', '-parallelism=40');
  t.equal(applied.exitCode, 0, applied.stderr);
  t.match(applied.stdout, /Resources: \d+ added, 2 changed, 0 destroyed/);

  t.match(await second.output('tables'), {
    uploads: { arn: `arn:aws:dynamodb:${COPY_REGION}:123456789012:table/once-uploads-2` },
    access: { arn: `arn:aws:dynamodb:${COPY_REGION}:123456789012:table/once-access-2` },
  });
  const { Item: found } = await elsewhere.dynamodb.getItem({ TableName: 'once-uploads-2', Key: Item });
  t.strictSame(found, Item, 'what was written in the region that is lost');
  t.equal((await elsewhere.dynamodb.scan({ TableName: 'once-access-2' })).Count, 1);

  // The lost region has all that it had, for the day on which it is back.
  for (const TableName of ['once-uploads', 'once-access']) {
    const { Table } = await dynamodb.describeTable({ TableName });
    t.match(Table?.Replicas, [{ RegionName: COPY_REGION }], TableName);
    const there = await elsewhere.dynamodb.describeTable({ TableName });
    t.match(there.Table?.Replicas, [{ RegionName: 'eu-central-1' }], TableName);
  }
});
