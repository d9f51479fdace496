import { setTimeout as delay } from 'node:timers/promises';
import type { ECS } from '@aws-sdk/client-ecs';
import { registerWith } from './deploy-revision.ts';

const LIMIT_MS = 25 * 60_000;
const BETWEEN_LOOKS_MS = 10_000;

export interface BrokenDeployment {
  /** How ECS says that the broken deployment ended. */
  readonly rolloutState: string | undefined;
  /** The revision that ran before, and the one that runs at the end. */
  readonly before: string | undefined;
  readonly running: string | undefined;
  /** Of the containers of the broken revision's tasks, while ECS still lists them. */
  readonly exitCodes: readonly number[];
}

type Calls = Pick<
  ECS,
  | 'describeServices'
  | 'describeTaskDefinition'
  | 'registerTaskDefinition'
  | 'updateService'
  | 'listTasks'
  | 'describeTasks'
  | 'deregisterTaskDefinition'
>;

/**
 * Deploys a revision of a service with other environment variables, which ECS is to give up, and watches until ECS has given it up and the earlier revision runs
 * again. @throws Error when that does not come within 25 minutes
 */
export async function deployBroken(
  ecs: Calls,
  options: {
    readonly cluster: string;
    readonly service: string;
    readonly environment: Readonly<Record<string, string>>;
    /** Called with each look that shows the deployment going on. */
    readonly whileItGoesOn?: () => Promise<unknown>;
    /** For tests. */
    readonly wait?: (milliseconds: number) => Promise<unknown>;
  },
): Promise<BrokenDeployment> {
  const { cluster, service, environment, whileItGoesOn, wait = delay } = options;
  const look = async () => (await ecs.describeServices({ cluster, services: [service] })).services?.[0];
  const before = (await look())?.taskDefinition;
  const revision = await registerWith(ecs, before, environment);
  await ecs.updateService({ cluster, service, taskDefinition: revision });
  const exitCodes = new Map<string, number>();
  let rolloutState: string | undefined;
  try {
    for (let waited = 0; waited <= LIMIT_MS; waited += BETWEEN_LOOKS_MS) {
      const seen = await look();
      const broken = seen?.deployments?.find(({ taskDefinition }) => taskDefinition === revision);
      rolloutState = broken?.rolloutState ?? rolloutState;
      if (broken?.rolloutState === 'IN_PROGRESS') await whileItGoesOn?.();
      for (const [task, code] of await exitCodesOf(ecs, cluster, service, revision))
        exitCodes.set(task, code);
      const primary = seen?.deployments?.find(({ status }) => status === 'PRIMARY');
      // A look that is older than the update shows the earlier revision too.
      const isBack = rolloutState !== undefined && primary?.taskDefinition === before;
      if (isBack && primary?.rolloutState === 'COMPLETED')
        return { rolloutState, before, running: primary?.taskDefinition, exitCodes: [...exitCodes.values()] };
      await wait(BETWEEN_LOOKS_MS);
    }
    throw new Error(
      `ECS did not go back within ${LIMIT_MS / 60_000} minutes; the broken revision is ${rolloutState}`,
    );
  } finally {
    await ecs.deregisterTaskDefinition({ taskDefinition: revision });
  }
}

async function exitCodesOf(
  ecs: Calls,
  cluster: string,
  serviceName: string,
  revision: string | undefined,
): Promise<[string, number][]> {
  const { taskArns: tasks = [] } = await ecs.listTasks({ cluster, serviceName, desiredStatus: 'STOPPED' });
  if (tasks.length === 0) return [];
  const { tasks: described = [] } = await ecs.describeTasks({ cluster, tasks });
  return described
    .filter(({ taskDefinitionArn }) => taskDefinitionArn === revision)
    .flatMap(({ taskArn = '', containers = [] }) =>
      containers.flatMap(({ exitCode }): [string, number][] =>
        exitCode === undefined ? [] : [[taskArn, exitCode]],
      ),
    );
}
