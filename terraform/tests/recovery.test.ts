// docs/recovery.md on moto: a table is restored under another name, imported, and takes the place of the first, which stays. All of it is gone
// when moto stops.
import { rmSync } from 'node:fs';
import t from 'tap';
import { createClients } from './moto/clients.ts';
import { startMoto } from './moto/start-moto.ts';
import { runTerraform, stateFile } from './support/run-terraform.ts';

const FOLDER = 'tests/recovery';
const LIMIT_SECONDS = 400;
const RESTORED = 'once-uploads-2';

const moto = await startMoto();
t.teardown(() => moto.stop());
const { dynamodb, s3 } = createClients(moto.endpoint);
const state = stateFile(FOLDER);
for (const file of [state, `${state}.backup`]) rmSync(file, { force: true });

function terraform(command: string, restored: readonly string[], ...args: string[]) {
  const settings = [
    `-state=${state}`,
    `-var=endpoint=${moto.endpoint}`,
    `-var=restored=${JSON.stringify(restored)}`,
  ];
  return runTerraform(FOLDER, [command, '-no-color', ...settings, ...args], LIMIT_SECONDS);
}

async function tableInUse(): Promise<string> {
  const { stdout } = await runTerraform(
    FOLDER,
    ['output', '-json', `-state=${state}`, 'tables'],
    LIMIT_SECONDS,
  );
  return JSON.parse(stdout).uploads.name;
}

const Item = { FullFilename: { S: 'uploads/a-file' }, item: { S: 'upload' } };

t.test('a restored table takes the place of the first, and no plan removes either', async (t) => {
  const applied = await terraform('apply', [], '-auto-approve', '-parallelism=40');
  t.equal(applied.exitCode, 0, applied.stderr);
  t.equal(await tableInUse(), 'once-uploads');
  await dynamodb.putItem({ TableName: 'once-uploads', Item });

  const early = await terraform('plan', [RESTORED]);
  t.equal(early.exitCode, 1, 'a name that is no table is refused by the plan');
  t.match(early.stderr, RESTORED);

  await dynamodb.restoreTableToPointInTime({
    SourceTableName: 'once-uploads',
    TargetTableName: RESTORED,
    UseLatestRestorableTime: true,
  });
  const address = `module.storage.aws_dynamodb_table.restored["${RESTORED}"]`;
  const imported = await terraform('import', [RESTORED], address, RESTORED);
  t.equal(imported.exitCode, 0, imported.stderr);

  const planned = await terraform('plan', [RESTORED]);
  t.match(planned.stdout, /Plan: 0 to add, \d+ to change, 0 to destroy/);
  const switched = await terraform('apply', [RESTORED], '-auto-approve', '-parallelism=40');
  t.equal(switched.exitCode, 0, switched.stderr);
  t.equal(await tableInUse(), RESTORED);

  for (const TableName of ['once-uploads', RESTORED])
    t.strictSame((await dynamodb.getItem({ TableName, Key: Item })).Item, Item, TableName);
  const { TimeToLiveDescription } = await dynamodb.describeTimeToLive({ TableName: RESTORED });
  t.match(TimeToLiveDescription, { AttributeName: 'deleteAt', TimeToLiveStatus: 'ENABLED' });
  const { ContinuousBackupsDescription } = await dynamodb.describeContinuousBackups({ TableName: RESTORED });
  t.equal(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus, 'ENABLED');
});

t.test('accepted files are copied to a bucket that locks them', async (t) => {
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
  const { ObjectLockConfiguration } = await s3.getObjectLockConfiguration({ Bucket: 'once-copy' });
  t.match(ObjectLockConfiguration?.Rule?.DefaultRetention, { Mode: 'GOVERNANCE', Days: 30 });
  const notified = await s3.getBucketNotificationConfiguration({ Bucket });
  t.equal(notified.QueueConfigurations?.length, 2);
});
