import t from 'tap';
import type { Commands } from '../deploy/commands.ts';
import { Ending, followRollout, Rollback } from '../deploy/follow-rollout.ts';

const NEW = 'task-definition/acceptor:2';
const OLD = 'task-definition/acceptor:1';
type State = readonly [status: string, taskDefinition: string, rolloutState: string, reason?: string];

const FAILS = 'An error occurred (ThrottlingException): Rate exceeded';

/** @param looks what ECS shows of the deployments, one after another, or what the AWS CLI says as it fails; the last one stays */
async function follow(looks: readonly (readonly State[] | string)[], limitMs: number) {
  let nowMs = 5;
  let count = 0;
  const commands = {
    async tryOut() {
      const seen = looks[Math.min(count, looks.length - 1)] ?? [];
      count += 1;
      if (typeof seen === 'string') return { exitCode: 254, stdout: '', stderr: `\n${seen}\n` };
      const deployments = seen.map(([status, taskDefinition, rolloutState, rolloutStateReason]) => ({
        status,
        taskDefinition,
        rolloutState,
        rolloutStateReason,
      }));
      const stdout = JSON.stringify({ services: [{ serviceName: 'acceptor', deployments }] });
      return { exitCode: 0, stdout, stderr: '' };
    },
  } as unknown as Commands;
  const clock = {
    nowMs: () => nowMs,
    async wait(milliseconds: number) {
      nowMs += milliseconds;
    },
  };
  const told: string[] = [];
  const outcomes = await followRollout(
    commands,
    { region: 'eu-central-1', cluster: 'c', applied: { acceptor: NEW }, limitMs },
    clock,
    ({ ending }) => told.push(ending),
  );
  return { outcome: outcomes[0], looks: count, tookMs: nowMs - 5, told };
}

t.test('it looks until the new version runs, and says so once', async (t) => {
  const { outcome, looks, told } = await follow(
    [
      [
        ['PRIMARY', NEW, 'IN_PROGRESS'],
        ['ACTIVE', OLD, 'COMPLETED'],
      ],
      [['PRIMARY', NEW, 'IN_PROGRESS']],
      [['PRIMARY', NEW, 'COMPLETED']],
    ],
    60_000,
  );
  t.match(outcome, { ending: Ending.running });
  t.equal(looks, 3);
  t.strictSame(told, [Ending.running]);
});

t.test('a rollback has ended the deployment, whether its own tasks run already or not', async (t) => {
  const { outcome } = await follow(
    [
      [
        ['PRIMARY', OLD, 'IN_PROGRESS', 'rolling back'],
        ['ACTIVE', NEW, 'FAILED', 'alarm detected'],
      ],
    ],
    60_000,
  );
  t.strictSame(outcome, {
    ...{ service: 'acceptor', ending: Ending.rolledBack, reason: 'alarm detected' },
    rollback: Rollback.goesOn,
  });
  const later = await follow([[['PRIMARY', OLD, 'COMPLETED', 'rolling back']]], 60_000);
  t.strictSame(later.outcome, {
    ...{ service: 'acceptor', ending: Ending.rolledBack, reason: 'rolling back' },
    rollback: Rollback.complete,
  });
  const failed = await follow(
    [
      [
        ['PRIMARY', OLD, 'FAILED'],
        ['ACTIVE', NEW, 'FAILED', 'alarm detected'],
      ],
    ],
    60_000,
  );
  t.match(failed.outcome, { ending: Ending.rolledBack, rollback: Rollback.failed });
});

t.test('a first look that is older than the apply is no rollback', async (t) => {
  const before: readonly State[] = [['PRIMARY', OLD, 'COMPLETED']];
  const { outcome, told } = await follow(
    [before, [['PRIMARY', NEW, 'IN_PROGRESS']], [['PRIMARY', NEW, 'COMPLETED']]],
    60_000,
  );
  t.match(outcome, { ending: Ending.running });
  t.strictSame(told, [Ending.running]);
  const back = await follow([[['PRIMARY', NEW, 'IN_PROGRESS']], before], 60_000);
  t.match(back.outcome, { ending: Ending.rolledBack });
  t.equal(back.looks, 2, 'the new version was there, so one look is enough');
  t.match((await follow([before], 0)).outcome, { ending: Ending.unfinished }, 'one look alone');
});

t.test('a look that fails is repeated, and ends nothing', async (t) => {
  const { outcome, looks } = await follow(
    [[['PRIMARY', NEW, 'IN_PROGRESS']], FAILS, FAILS, [['PRIMARY', NEW, 'COMPLETED']]],
    600_000,
  );
  t.match(outcome, { ending: Ending.running });
  t.equal(looks, 4);
});

t.test('after five minutes of failed looks it gives up, and says why', async (t) => {
  const day = 24 * 3_600_000;
  const { outcome, looks, told } = await follow([[['PRIMARY', NEW, 'IN_PROGRESS']], FAILS], day);
  t.strictSame(outcome, { service: 'acceptor', ending: Ending.unfinished, reason: FAILS, isUnknown: true });
  t.equal(looks, 31);
  t.strictSame(told, []);
});

t.test('it never waits beyond the limit', async (t) => {
  const { outcome, tookMs, told } = await follow([[['PRIMARY', NEW, 'IN_PROGRESS']]], 65_000);
  t.match(outcome, { ending: Ending.unfinished });
  t.equal(tookMs, 60_000, 'the next look would have been too late');
  t.strictSame(told, []);
  const missing = await follow([[]], 0);
  t.match(missing.outcome, { ending: Ending.unfinished }, 'a service that ECS does not show');
});
