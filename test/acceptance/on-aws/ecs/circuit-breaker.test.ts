import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { ECS } from '@aws-sdk/client-ecs';
import t from 'tap';
import { deployBroken } from '../../support/deploy-broken.ts';
import { eventually } from '../../support/eventually.ts';

// A wrong configuration ends a task with exit code 78 at once, before any health check: ECS counts it, gives up, and goes back.

t.test('ECS goes back from a deployment whose tasks end with exit code 78', async (t) => {
  const ecs = new ECS({});
  const broken = await deployBroken(ecs, {
    cluster: process.env.ECS_CLUSTER ?? '',
    service: process.env.ECS_SERVICE ?? '',
    environment: { CONCURRENCY: 'none' },
  });
  t.equal(broken.rolloutState, 'FAILED');
  t.equal(broken.running, broken.before, 'the earlier revision runs again');
  t.ok(broken.exitCodes.length > 0, 'tasks of the broken revision were stopped');
  t.strictSame([...new Set(broken.exitCodes)], [78]);
});

t.test('EventBridge writes why they ended to the log group of failures', async (t) => {
  const logGroupName = `/aws/events/${process.env.ECS_CLUSTER}-task-failures`;
  const filterPattern = '{ $.detail.containers[0].exitCode = 78 }';
  const lines = await eventually(
    'an event of a task that ended with 78',
    async () => (await new CloudWatchLogs({}).filterLogEvents({ logGroupName, filterPattern })).events ?? [],
    (seen) => seen.length > 0,
  );
  t.ok(lines.length > 0);
});
