import { setTimeout as delay } from 'node:timers/promises';
import type { ECS } from '@aws-sdk/client-ecs';

const LIMIT_MS = 15 * 60_000;
const BETWEEN_LOOKS_MS = 10_000;

/**
 * Deploys a revision of a service with other environment variables, and waits until it runs alone.
 *
 * @returns what goes back to the revision before, without a wait
 * @throws Error when it does not run within 15 minutes
 */
export async function deployRevision(
  ecs: ECS,
  cluster: string,
  service: string,
  environment: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const look = async () => (await ecs.describeServices({ cluster, services: [service] })).services?.[0];
  const before = (await look())?.taskDefinition;
  const taskDefinition = await registerWith(ecs, before, environment);
  const goBack = async () => {
    await ecs.updateService({ cluster, service, taskDefinition: before });
    await ecs.deregisterTaskDefinition({ taskDefinition });
  };
  await ecs.updateService({ cluster, service, taskDefinition });
  for (let waited = 0; waited <= LIMIT_MS; waited += BETWEEN_LOOKS_MS) {
    const primary = (await look())?.deployments?.find(({ status }) => status === 'PRIMARY');
    if (primary?.taskDefinition === taskDefinition && primary?.rolloutState === 'COMPLETED') return goBack;
    await delay(BETWEEN_LOOKS_MS);
  }
  await goBack();
  throw new Error(`${service} does not run within ${LIMIT_MS / 60_000} minutes with other variables`);
}

/** @returns a revision of the task definition, whose first container has these variables as well */
export async function registerWith(
  ecs: Pick<ECS, 'describeTaskDefinition' | 'registerTaskDefinition'>,
  taskDefinition: string | undefined,
  environment: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { taskDefinition: now } = await ecs.describeTaskDefinition({ taskDefinition });
  const { family, taskRoleArn, executionRoleArn, networkMode, volumes, cpu, memory, runtimePlatform } =
    now ?? {};
  const containerDefinitions = now?.containerDefinitions?.map((container, index) => ({
    ...container,
    ...(index === 0 && { environment: merged(container.environment ?? [], environment) }),
  }));
  const registered = await ecs.registerTaskDefinition({
    ...{ family, taskRoleArn, executionRoleArn, networkMode, volumes, cpu, memory, runtimePlatform },
    containerDefinitions,
    requiresCompatibilities: ['FARGATE'],
  });
  return registered.taskDefinition?.taskDefinitionArn;
}

function merged(
  variables: readonly { name?: string | undefined; value?: string | undefined }[],
  environment: Readonly<Record<string, string>>,
) {
  const kept = variables.filter(({ name = '' }) => !Object.hasOwn(environment, name));
  return [...kept, ...Object.entries(environment).map(([name, value]) => ({ name, value }))];
}
