import t from 'tap';
import { deployBroken } from '../../test/acceptance/support/deploy-broken.ts';

// The test of ECS's circuit breaker needs tasks that run, which no stand-in has. What it sees is proven here, with ECS's responses one by one.

const OLD = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/acceptor:1';
const NEW = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/acceptor:2';
const OPTIONS = { cluster: 'c', service: 'acceptor', environment: { CONCURRENCY: 'none' } };

/** @param states what describeServices shows of the deployments, one after another; the last one stays */
function scriptedEcs(states: readonly (readonly [string, string, string])[][]) {
  const calls: [string, unknown][] = [];
  let looks = 0;
  const note = (name: string, response: unknown) => async (input: unknown) => {
    calls.push([name, input]);
    return response;
  };
  const ecs = {
    async describeServices() {
      const seen = states[Math.min(looks, states.length - 1)] ?? [];
      looks += 1;
      const deployments = seen.map(([status, taskDefinition, rolloutState]) => ({
        status,
        taskDefinition,
        rolloutState,
      }));
      return { services: [{ taskDefinition: OLD, deployments }] };
    },
    describeTaskDefinition: note('describeTaskDefinition', {
      taskDefinition: {
        family: 'acceptor',
        containerDefinitions: [
          {
            name: 'acceptor',
            environment: [
              { name: 'CONCURRENCY', value: '16' },
              { name: 'BUCKET', value: 'b' },
            ],
          },
        ],
      },
    }),
    registerTaskDefinition: note('registerTaskDefinition', { taskDefinition: { taskDefinitionArn: NEW } }),
    updateService: note('updateService', {}),
    deregisterTaskDefinition: note('deregisterTaskDefinition', {}),
    listTasks: note('listTasks', { taskArns: ['a', 'b'] }),
    describeTasks: note('describeTasks', {
      tasks: [
        { taskArn: 'a', taskDefinitionArn: NEW, containers: [{ exitCode: 78 }] },
        { taskArn: 'b', taskDefinitionArn: OLD, containers: [{ exitCode: 0 }] },
      ],
    }),
  };
  return { ecs: ecs as unknown as Parameters<typeof deployBroken>[0], calls };
}

t.test('it deploys the other setting, and sees that ECS went back, and by which exit codes', async (t) => {
  const { ecs, calls } = scriptedEcs([
    [['PRIMARY', OLD, 'COMPLETED']],
    [
      ['PRIMARY', NEW, 'IN_PROGRESS'],
      ['ACTIVE', OLD, 'COMPLETED'],
    ],
    [
      ['ACTIVE', NEW, 'FAILED'],
      ['PRIMARY', OLD, 'IN_PROGRESS'],
    ],
    [['PRIMARY', OLD, 'COMPLETED']],
  ]);
  t.strictSame(await deployBroken(ecs, { ...OPTIONS, wait: async () => {} }), {
    rolloutState: 'FAILED',
    before: OLD,
    running: OLD,
    exitCodes: [78],
  });
  const inputOf = (name: string) => calls.find(([called]) => called === name)?.[1];
  t.match(inputOf('registerTaskDefinition'), {
    containerDefinitions: [
      {
        environment: [
          { name: 'BUCKET', value: 'b' },
          { name: 'CONCURRENCY', value: 'none' },
        ],
      },
    ],
  });
  t.match(inputOf('updateService'), { cluster: 'c', service: 'acceptor', taskDefinition: NEW });
  t.match(inputOf('deregisterTaskDefinition'), { taskDefinition: NEW }, 'the broken revision does not stay');
});

t.test(
  'a look that is older than the update is no way back, and each that shows it going on is called out',
  async (t) => {
    const { ecs } = scriptedEcs([
      [['PRIMARY', OLD, 'COMPLETED']],
      [['PRIMARY', OLD, 'COMPLETED']],
      [['PRIMARY', NEW, 'IN_PROGRESS']],
      [['PRIMARY', NEW, 'IN_PROGRESS']],
      [
        ['ACTIVE', NEW, 'FAILED'],
        ['PRIMARY', OLD, 'COMPLETED'],
      ],
    ]);
    let called = 0;
    const whileItGoesOn = async () => (called += 1);
    const broken = await deployBroken(ecs, { ...OPTIONS, whileItGoesOn, wait: async () => {} });
    t.equal(broken.rolloutState, 'FAILED');
    t.equal(called, 2);
  },
);

t.test('where ECS never goes back, it says so', async (t) => {
  const { ecs, calls } = scriptedEcs([[['PRIMARY', NEW, 'IN_PROGRESS']]]);
  await t.rejects(deployBroken(ecs, { ...OPTIONS, wait: async () => {} }), {
    message: 'ECS did not go back within 25 minutes; the broken revision is IN_PROGRESS',
  });
  t.ok(calls.some(([called]) => called === 'deregisterTaskDefinition'));
});
