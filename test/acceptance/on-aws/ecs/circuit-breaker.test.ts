import { ECS } from '@aws-sdk/client-ecs';
import t from 'tap';
import { deployBroken } from '../../support/deploy-broken.ts';

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
