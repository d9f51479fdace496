import t from 'tap';
import type { Commands } from '../deploy/commands.ts';
import { Ending, followRollout } from '../deploy/follow-rollout.ts';

const NEW = 'task-definition/acceptor:2';
const OLD = 'task-definition/acceptor:1';
type State = readonly [status: string, taskDefinition: string, rolloutState: string, reason?: string];

/** @param looks what ECS shows of the deployments, one after another; the last one stays */
async function follow(looks: readonly (readonly State[])[], limitMs: number) {
  let nowMs = 5;
  let count = 0;
  const commands = {
    async read() {
      const seen = looks[Math.min(count, looks.length - 1)] ?? [];
      count += 1;
      const deployments = seen.map(([status, taskDefinition, rolloutState, rolloutStateReason]) => ({
        status,
        taskDefinition,
        rolloutState,
        rolloutStateReason,
      }));
      return JSON.stringify({ services: [{ serviceName: 'acceptor', deployments }] });
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
  t.strictSame(outcome, { service: 'acceptor', ending: Ending.rolledBack, reason: 'alarm detected' });
  const later = await follow([[['PRIMARY', OLD, 'COMPLETED', 'rolling back']]], 60_000);
  t.strictSame(later.outcome, { service: 'acceptor', ending: Ending.rolledBack, reason: 'rolling back' });
});

t.test('it never waits beyond the limit', async (t) => {
  const { outcome, tookMs, told } = await follow([[['PRIMARY', NEW, 'IN_PROGRESS']]], 65_000);
  t.match(outcome, { ending: Ending.unfinished });
  t.equal(tookMs, 60_000, 'the next look would have been too late');
  t.strictSame(told, []);
  const missing = await follow([[]], 0);
  t.match(missing.outcome, { ending: Ending.unfinished }, 'a service that ECS does not show');
});
