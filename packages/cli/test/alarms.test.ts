// Each alarm of the daily audit is set off here by its real cause: the metric is on standard output, or it is not there.
import t from 'tap';
import { operate, quietCloud } from '../../../test/support/operator-stage.ts';

const inAnHour = () => new Date(Date.now() + 3_600_000);
/** When everything is old enough to be judged. */
const LATER = { now: inAnHour, s3Now: inAnHour, env: { ENVIRONMENT: 'live' } };

/** The lines of the embedded metric format among what a command wrote. */
const metricsIn = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line.includes('"_aws"'))
    .map((line) => JSON.parse(line));

t.test('alarm audit-findings: a lost event is named and counted, and nothing is 0', async (t) => {
  const cloud = await quietCloud(t);
  await cloud.put(await cloud.issue(), 'lost');
  const found = await operate(cloud, ['audit', '--json', '--metrics'], LATER);
  t.equal(found.code, 4);
  t.match(metricsIn(found.stdout), [
    {
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: 'UploadOnce',
            Dimensions: [['Environment', 'Service']],
            Metrics: [
              { Name: 'AuditRan', Unit: 'Count' },
              { Name: 'AuditFindings', Unit: 'Count' },
            ],
          },
        ],
      },
      Environment: 'live',
      Service: 'audit',
      AuditRan: 1,
      AuditFindings: 1,
    },
  ]);

  const nothing = await operate(await quietCloud(t), ['audit', '--metrics'], LATER);
  t.equal(nothing.code, 0);
  t.match(metricsIn(nothing.stdout), [{ AuditRan: 1, AuditFindings: 0 }], 'so the alarm can end');
});

t.test('alarm audit-missing: an audit that does not come to its end counts nothing', async (t) => {
  const cloud = await quietCloud(t);
  const cutShort = await operate(cloud, ['audit', '--metrics', '--table', 'nowhere'], LATER);
  t.equal(cutShort.code, 1);
  t.strictSame(metricsIn(cutShort.stdout), []);
  t.match(cutShort.stderr, /^upload-once audit: not brought to its end/m, 'what the runbook looks for');
});

t.test('metrics are written only where they are asked for, with the services’ environment', async (t) => {
  const cloud = await quietCloud(t);
  t.strictSame(metricsIn((await operate(cloud, ['audit', '--json'], LATER)).stdout), []);
  const nowhere = await operate(cloud, ['audit', '--metrics'], { ...LATER, env: { ENVIRONMENT: '' } });
  t.equal(nowhere.code, 2);
  t.match(nowhere.stderr, "--metrics needs the services' environment: set ENVIRONMENT");
});
