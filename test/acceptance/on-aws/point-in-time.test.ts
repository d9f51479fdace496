import {
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DynamoDBClient,
  RestoreTableToPointInTimeCommand,
} from '@aws-sdk/client-dynamodb';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import t from 'tap';
import { deployment, dynamoDb } from '../support/deployment.ts';
import { eventually } from '../support/eventually.ts';
import { postForm, requestForm } from '../support/forms.ts';
import { KNOWN_GAPS } from '../support/known-gaps.ts';
import { processed } from '../support/records.ts';

// docs/recovery.md, "A table is lost or damaged": a table can be restored under another name, as it was a few minutes ago.

const SourceTableName = deployment.uploadsTable;
const TargetTableName = `${SourceTableName}-2`;
/** A file of the suite has half an hour. A restore point follows its time by five minutes; the restore of a small table takes some, sometimes more. */
const POINT_LIMIT_MS = 9 * 60_000;
const RESTORE_LIMIT_MS = 20 * 60_000;
const BETWEEN_LOOKS_MS = 10_000;
const client = new DynamoDBClient({});

t.test('a table is restored under another name, with its uploads', async (t) => {
  if (deployment.knownGaps.has('no-restore')) {
    t.comment(`not run: the restore of a table. Known: ${KNOWN_GAPS['no-restore']}`);
    return;
  }
  const form = await requestForm();
  t.equal((await postForm(form, 'before the restore point')).status, 204);
  await processed(form.key);
  const confirmedAt = Date.now();

  const latest = await eventually(
    'a restore point after the upload',
    async () => {
      const { ContinuousBackupsDescription: backups } = await client.send(
        new DescribeContinuousBackupsCommand({ TableName: SourceTableName }),
      );
      return backups?.PointInTimeRecoveryDescription?.LatestRestorableDateTime;
    },
    (time) => (time?.getTime() ?? 0) > confirmedAt,
    { limitMs: POINT_LIMIT_MS, betweenLooksMs: BETWEEN_LOOKS_MS },
  );
  await client.send(
    new RestoreTableToPointInTimeCommand({ SourceTableName, TargetTableName, RestoreDateTime: latest }),
  );
  // While it is being made, it cannot be removed: `make test-aws` and `make test-aws-clean` try again.
  t.teardown(() => client.send(new DeleteTableCommand({ TableName: TargetTableName })));
  await eventually(
    'the restored table',
    async () =>
      (await client.send(new DescribeTableCommand({ TableName: TargetTableName }))).Table?.TableStatus,
    (status) => status === 'ACTIVE',
    { limitMs: RESTORE_LIMIT_MS, betweenLooksMs: BETWEEN_LOOKS_MS },
  );
  const { Item } = await dynamoDb.send(
    new GetCommand({
      TableName: TargetTableName,
      Key: { FullFilename: form.key, item: 'upload' },
      ConsistentRead: true,
    }),
  );
  t.match(Item, { state: 'PROCESSED' });
});
