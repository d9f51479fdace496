import { type Commands, lastLine } from './commands.ts';

/** What `aws ecs describe-services` says of a service; the parts that are read here. */
interface ServiceJson {
  readonly serviceName: string;
  readonly deployments?: readonly {
    readonly status: string;
    readonly taskDefinition: string;
    readonly rolloutState?: string;
    readonly rolloutStateReason?: string;
  }[];
}

/** `failed`: there was no earlier deployment to roll back to. `unfinished`: the time limit came first. */
export const Ending = {
  running: 'running',
  rolledBack: 'rolled back',
  failed: 'failed',
  unfinished: 'unfinished',
} as const;
export type Ending = (typeof Ending)[keyof typeof Ending];

/** Where a rollback is: the earlier version can fail too, and then tasks are missing. */
export const Rollback = { goesOn: 'goes on', complete: 'complete', failed: 'failed' } as const;
export type Rollback = (typeof Rollback)[keyof typeof Rollback];

export interface Outcome {
  readonly service: string;
  readonly ending: Ending;
  /** In ECS's words; empty if it gave none. */
  readonly reason: string;
  /** Of what was rolled back. */
  readonly rollback?: Rollback;
  /** `unfinished` because ECS could not be asked; the reason is the AWS CLI's. */
  readonly isUnknown?: true;
}

export interface Rollout {
  readonly region: string;
  readonly cluster: string;
  /** The task definition that was applied, by the name of the ECS service. */
  readonly applied: Readonly<Record<string, string>>;
  /** How long ECS has, from now. */
  readonly limitMs: number;
}

/** A time in milliseconds that never goes back, and a wait of that many milliseconds. */
export interface RolloutClock {
  nowMs(): number;
  wait(milliseconds: number): Promise<unknown>;
}

const LOOK_EVERY_MS = 10_000;
/** Failed looks in a row after which it gives up: five minutes. Credentials that have ended never work again. */
const MOST_FAILED_LOOKS = 30;

/**
 * Looks at the services until each deployment has ended, or the time is up. A look that fails is repeated: the deployment goes on without it.
 *
 * @param onEnding called once for each service, when its deployment has ended
 * @returns the outcome of each service, in the order of `applied`. What ECS could not be asked about for five minutes is
 * `unfinished`
 */
export async function followRollout(
  commands: Commands,
  rollout: Rollout,
  clock: RolloutClock,
  onEnding: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const { region, cluster, applied, limitMs } = rollout;
  const names = Object.keys(applied);
  const seen = new Map<string, Sight>(names.map((service) => [service, { looks: 0, hasBegun: false }]));
  const ended = new Map<string, Outcome>();
  const endsAtMs = clock.nowMs() + limitMs;
  let unfinished: ReadonlyMap<string, Outcome> = new Map();
  let failedLooks = 0;
  for (;;) {
    const { exitCode, stdout, stderr } = await commands.tryOut(
      ...(['aws', 'ecs', 'describe-services', '--region', region, '--cluster', cluster] as const),
      ...['--services', ...names, '--output', 'json'],
    );
    if (exitCode === 0) {
      failedLooks = 0;
      const { services = [] } = JSON.parse(stdout) as { readonly services?: readonly ServiceJson[] };
      const outcomes = names.map((service) => {
        const found = services.find(({ serviceName }) => serviceName === service);
        return outcomeOf(service, found, applied[service] ?? '', seen.get(service) as Sight);
      });
      for (const outcome of outcomes) {
        if (outcome.ending === Ending.unfinished) continue;
        const before = ended.get(outcome.service)?.ending;
        if (before === undefined) onEnding(outcome);
        // A rollback goes on while the other services are waited for.
        if (before === undefined || before === outcome.ending) ended.set(outcome.service, outcome);
      }
      unfinished = new Map(outcomes.map((outcome) => [outcome.service, outcome]));
    } else {
      failedLooks += 1;
      const reason = lastLine(stderr);
      unfinished = new Map(
        names.map((service) => [
          service,
          { service, ending: Ending.unfinished, reason, isUnknown: true } as const,
        ]),
      );
    }
    const isOver = failedLooks >= MOST_FAILED_LOOKS || clock.nowMs() + LOOK_EVERY_MS > endsAtMs;
    if (ended.size === names.length || isOver)
      return names.map((service) => (ended.get(service) ?? unfinished.get(service)) as Outcome);
    await clock.wait(LOOK_EVERY_MS);
  }
}

/** What the looks so far have shown of a service. */
interface Sight {
  /** At another primary deployment, in a row. */
  looks: number;
  /** Whether ECS has shown the deployment that was applied. */
  hasBegun: boolean;
}

/**
 * A rollback is a new deployment of the earlier task definition. So the primary deployment is complete after a rollback too, and what it runs
 * decides (Amazon ECS API Reference, "Deployment"). The first look can be older than the apply, and show the earlier deployment
 * ("DescribeServices": eventually consistent): it counts when the new one was there before, or when a second look shows the same.
 */
function outcomeOf(service: string, found: ServiceJson | undefined, applied: string, sight: Sight): Outcome {
  const deployments = found?.deployments ?? [];
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  const ofApplied = deployments.filter(({ taskDefinition }) => taskDefinition === applied);
  const failed = ofApplied.find(({ rolloutState }) => rolloutState === 'FAILED');
  const reason = failed?.rolloutStateReason ?? primary?.rolloutStateReason ?? '';
  const outcome = (ending: Ending) => ({ service, ending, reason });
  sight.hasBegun ||= ofApplied.length > 0;
  sight.looks = primary === undefined || primary.taskDefinition === applied ? 0 : sight.looks + 1;
  if (primary === undefined) return outcome(Ending.unfinished);
  if (sight.looks > 0) {
    if (!sight.hasBegun && sight.looks < 2) return outcome(Ending.unfinished);
    return { ...outcome(Ending.rolledBack), rollback: rollbackOf(primary.rolloutState) };
  }
  if (primary.rolloutState === 'FAILED') return outcome(Ending.failed);
  return outcome(primary.rolloutState === 'COMPLETED' ? Ending.running : Ending.unfinished);
}

function rollbackOf(rolloutState: string | undefined): Rollback {
  if (rolloutState === 'COMPLETED') return Rollback.complete;
  return rolloutState === 'FAILED' ? Rollback.failed : Rollback.goesOn;
}
