import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling';
import {
  CloudWatch,
  type Datapoint,
  type GetMetricStatisticsCommandInput,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketMetricsConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import t, { type Test } from 'tap';
import { deployment, s3 } from '../support/deployment.ts';
import { eventually } from '../support/eventually.ts';
import { KNOWN_GAPS, type KnownGap } from '../support/known-gaps.ts';
import { probeRoles, takeOnSoon } from '../support/probe-roles.ts';

// What CloudWatch, Application Auto Scaling, EventBridge Scheduler and S3 make of the settings: whether they evaluate what they accepted.

const Bucket = deployment.bucket;
/** The installation has the name of its cluster. */
const NAME = process.env.ECS_CLUSTER ?? '';
const CONSUMERS = ['acceptor', 'processor'];
const DAY_MS = 86_400_000;

const scaling = new ApplicationAutoScaling({});
const cloudWatch = new CloudWatch({});
const logs = new CloudWatchLogs({});

/** What a stand-in cannot show, by name. @returns whether there is nothing to look at */
function isUnknown(t: Test, gap: KnownGap, what: string): boolean {
  if (!deployment.knownGaps.has(gap)) return false;
  t.comment(`not run: ${what}. Known: ${KNOWN_GAPS[gap]}`);
  return true;
}

/** The data points of a metric of the last day, when there are some. */
async function pointsOf(
  metric: Pick<GetMetricStatisticsCommandInput, 'Namespace' | 'MetricName' | 'Dimensions'>,
): Promise<readonly Datapoint[]> {
  const ofLastDay = { StartTime: new Date(Date.now() - DAY_MS), EndTime: new Date(), Period: 3600 };
  return await eventually(
    `a data point of ${metric.MetricName}`,
    async () =>
      (await cloudWatch.getMetricStatistics({ ...metric, ...ofLastDay, Statistics: ['Sum'] })).Datapoints ??
      [],
    (seen) => seen.length > 0,
  );
}

async function alarmsOf(AlarmNames: string[]): Promise<readonly MetricAlarm[]> {
  return (await cloudWatch.describeAlarms({ AlarmNames })).MetricAlarms ?? [];
}

/** Whether CloudWatch has evaluated an alarm with data: it had a state. Without requests, the alarm of their number loses its state again. */
async function wasEvaluated({ AlarmName, StateValue }: MetricAlarm): Promise<boolean> {
  if (StateValue === 'OK' || StateValue === 'ALARM') return true;
  const { AlarmHistoryItems: items = [] } = await cloudWatch.describeAlarmHistory({
    ...{ AlarmName, HistoryItemType: 'StateUpdate' },
  });
  return items.some(({ HistorySummary = '' }) => /to (OK|ALARM)/.test(HistorySummary));
}

t.test(
  'each scaling policy has its alarms, and CloudWatch evaluates them, metric math among them',
  async (t) => {
    if (isUnknown(t, 'no-installation', 'policies of scaling')) return;
    const { ScalingPolicies = [] } = await scaling.describeScalingPolicies({ ServiceNamespace: 'ecs' });
    const own = ScalingPolicies.filter(({ ResourceId }) => ResourceId?.startsWith(`service/${NAME}/`));
    t.strictSame(
      own.map(({ PolicyName }) => PolicyName).sort(),
      [
        ...['url-issuer-cpu', 'url-issuer-requests'],
        ...CONSUMERS.flatMap((service) => [`${service}-backlog`, `${service}-cpu`]),
      ]
        .map((policy) => `${NAME}-${policy}`)
        .sort(),
    );
    for (const { PolicyName, Alarms = [] } of own) {
      const names = Alarms.flatMap(({ AlarmName = '' }) => AlarmName);
      t.ok(
        names.some((name) => name.includes('AlarmHigh')),
        `${PolicyName}: for more tasks`,
      );
      t.ok(
        names.some((name) => name.includes('AlarmLow')),
        `${PolicyName}: for fewer tasks`,
      );
      if (isUnknown(t, 'nothing-happens', `the evaluation of ${PolicyName}`)) continue;
      const evaluated = await eventually(
        `an evaluation of ${names.join(' and ')}`,
        async () => Promise.all((await alarmsOf(names)).map(wasEvaluated)),
        (seen) => seen.length === names.length && seen.every(Boolean),
      );
      t.ok(evaluated.every(Boolean), `${PolicyName}: evaluated`);
    }
  },
);

t.test('the alarm of each day takes HOUR(), and that of the audit 26 hours', async (t) => {
  if (isUnknown(t, 'no-installation', 'alarms')) return;
  const daily = ['upload-events', 'accepted-events'].map((queue) => `${NAME}-${queue}-dead-letter-expiring`);
  const alarms = await alarmsOf(daily);
  t.strictSame(alarms.map(({ AlarmName }) => AlarmName).sort(), daily.sort());
  for (const { AlarmName, Metrics = [] } of alarms)
    t.ok(
      Metrics.some(({ Expression = '' }) => Expression.includes('HOUR(')),
      `${AlarmName}`,
    );
  // CloudWatch evaluates what looks at more than a day once an hour: too long for a run to wait for.
  t.match(await alarmsOf([`${NAME}-audit-missing`]), [{ Period: 3600, EvaluationPeriods: 26 }]);
  if (isUnknown(t, 'nothing-happens', 'the evaluation of HOUR()')) return;
  const states = await eventually(
    'the state of the alarms of each day',
    async () => (await alarmsOf(daily)).map(({ StateValue }) => StateValue),
    (seen) => seen.every((state) => state === 'OK'),
  );
  t.strictSame(states, ['OK', 'OK']);
});

t.test('EventBridge Scheduler has run the audit with the first apply, and its metric came', async (t) => {
  if (isUnknown(t, 'no-installation', 'the audit')) return;
  const logGroupName = process.env.AUDIT_LOG_GROUP;
  const { logGroups = [] } = await logs.describeLogGroups({ logGroupNamePrefix: logGroupName });
  t.match(logGroups, [{ logGroupName }]);
  if (isUnknown(t, 'nothing-happens', 'the run of the audit')) return;
  // Nothing but the schedule starts its task. The audit writes this line when it has come to its end.
  const lines = await eventually(
    'the audit’s line',
    async () => (await logs.filterLogEvents({ logGroupName, filterPattern: 'AuditRan' })).events ?? [],
    (seen) => seen.length > 0,
  );
  t.ok(lines.length > 0);
  // Where the alarm on a missing audit looks for it.
  const [alarm] = await alarmsOf([`${NAME}-audit-missing`]);
  const { Namespace, MetricName, Dimensions } = alarm ?? {};
  t.equal(MetricName, 'AuditRan');
  const points = await pointsOf({ Namespace: `${Namespace}`, MetricName: `${MetricName}`, Dimensions });
  t.ok(points.length > 0);
});

t.test('a restore role puts files back under accepted/, and does nothing else', async (t) => {
  if (isUnknown(t, 'policy-conditions', 'what a restore role may do')) return;
  if (probeRoles['restore'] === undefined) throw new Error('PROBE_ROLES names no "restore"');
  const asRestore = new S3Client({
    credentials: await takeOnSoon(probeRoles['restore']),
    forcePathStyle: process.env.S3_FORCE_PATH_STYLE === 'true',
  });
  const Key = `accepted/on-aws-restore-${Date.now()}`;
  const { VersionId } = await asRestore.send(new PutObjectCommand({ Bucket, Key, Body: 'put back' }));
  t.ok(VersionId);
  // Where nothing refuses the role, it removes it itself below.
  if (!deployment.knownGaps.has('bucket-policy'))
    t.teardown(() => s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId })));
  const versioning = { Bucket, VersioningConfiguration: { Status: 'Enabled' } } as const;
  const refused = {
    'a version removed': () => asRestore.send(new DeleteObjectCommand({ Bucket, Key, VersionId })),
    'a file covered': () => asRestore.send(new DeleteObjectCommand({ Bucket, Key })),
    'a file under uploads/': () =>
      asRestore.send(new PutObjectCommand({ Bucket, Key: `uploads/on-aws-${Date.now()}`, Body: 'other' })),
    'a setting of the bucket': () => asRestore.send(new PutBucketVersioningCommand(versioning)),
  };
  for (const [what, call] of Object.entries(refused)) {
    if (deployment.knownGaps.has('bucket-policy'))
      await t.resolves(call(), `${what}: known: ${KNOWN_GAPS['bucket-policy']}`);
    else await t.rejects(call(), { name: 'AccessDenied' }, what);
  }
});

t.test('S3 has the lifecycle of what is covered under accepted/, and never of what is not', async (t) => {
  const { Rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  const accepted = Rules.filter(({ Filter }) => Filter?.Prefix === 'accepted/');
  t.match(accepted, [{ Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 30 } }]);
  t.strictSame(accepted[0]?.Expiration, undefined);
});

t.test('CloudWatch has the requests under uploads/', async (t) => {
  if (isUnknown(t, 'no-installation', 'metrics of requests')) return;
  const { MetricsConfiguration } = await s3.send(
    new GetBucketMetricsConfigurationCommand({ Bucket, Id: 'uploads' }),
  );
  t.match(MetricsConfiguration, { Id: 'uploads', Filter: { Prefix: 'uploads/' } });
  const [alarm] = await alarmsOf([`${NAME}-uploads-refused`]);
  t.match(alarm, { Namespace: 'AWS/S3', MetricName: '4xxErrors' });
  if (isUnknown(t, 'nothing-happens', 'the numbers of requests')) return;
  const points = await pointsOf({
    ...{ Namespace: 'AWS/S3', MetricName: 'AllRequests' },
    Dimensions: [
      { Name: 'BucketName', Value: Bucket },
      { Name: 'FilterId', Value: 'uploads' },
    ],
  });
  t.ok(points.length > 0);
});
