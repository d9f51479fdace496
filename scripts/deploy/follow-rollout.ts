import type { Commands } from './commands.ts';

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

export interface Outcome {
  readonly service: string;
  readonly ending: Ending;
  /** In ECS's words; empty if it gave none. */
  readonly reason: string;
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

/**
 * Looks at the services until each deployment has ended, or the time is up.
 *
 * @param onEnding called once for each service, when its deployment has ended
 * @returns the outcome of each service, in the order of `applied`
 * @throws DeployError if ECS cannot be asked
 */
export async function followRollout(
  commands: Commands,
  rollout: Rollout,
  clock: RolloutClock,
  onEnding: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const { region, cluster, applied, limitMs } = rollout;
  const names = Object.keys(applied);
  const ended = new Map<string, Outcome>();
  const endsAtMs = clock.nowMs() + limitMs;
  for (;;) {
    const output = await commands.read(
      ...(['aws', 'ecs', 'describe-services', '--region', region, '--cluster', cluster] as const),
      ...['--services', ...names, '--output', 'json'],
    );
    const { services = [] } = JSON.parse(output) as { readonly services?: readonly ServiceJson[] };
    const outcomes = names.map((service) => {
      const found = services.find(({ serviceName }) => serviceName === service);
      return outcomeOf(service, found, applied[service] ?? '');
    });
    for (const outcome of outcomes) {
      if (outcome.ending === Ending.unfinished || ended.has(outcome.service)) continue;
      ended.set(outcome.service, outcome);
      onEnding(outcome);
    }
    if (ended.size === names.length || clock.nowMs() + LOOK_EVERY_MS > endsAtMs) {
      return outcomes.map((outcome) => ended.get(outcome.service) ?? outcome);
    }
    await clock.wait(LOOK_EVERY_MS);
  }
}

/**
 * A rollback is a new deployment of the earlier task definition. So the primary deployment is complete after a rollback too, and what it runs
 * decides (Amazon ECS API Reference, "Deployment").
 */
function outcomeOf(service: string, found: ServiceJson | undefined, applied: string): Outcome {
  const deployments = found?.deployments ?? [];
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  const failed = deployments.find(
    ({ taskDefinition, rolloutState }) => taskDefinition === applied && rolloutState === 'FAILED',
  );
  const reason = failed?.rolloutStateReason ?? primary?.rolloutStateReason ?? '';
  const outcome = (ending: Ending) => ({ service, ending, reason });
  if (primary === undefined) return outcome(Ending.unfinished);
  if (primary.taskDefinition !== applied) return outcome(Ending.rolledBack);
  if (primary.rolloutState === 'FAILED') return outcome(Ending.failed);
  return outcome(primary.rolloutState === 'COMPLETED' ? Ending.running : Ending.unfinished);
}
