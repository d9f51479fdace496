import { insightsMetrics } from '../installation.ts';
import { HOURS_A_MONTH, POLLS_A_MONTH } from '../lines.ts';
import type { Prices } from '../prices.ts';
import type { PlannedResource } from './planned-resources.ts';
import { blocks, costs, type Pricing, rate } from './resource-cost.ts';
import { serviceOfModule } from './service-of-module.ts';

/** A service on Fargate: its tasks by the number with which it starts, Spot's apart, and their public addresses. */
export const ecsServiceCost: Pricing = (service, plan, prices) => {
  const { desired_count: count, launch_type: launchType } = service.values;
  const definition = plan
    .referredTo(service, 'task_definition', 'aws_ecs_task_definition')
    .find(({ module }) => module === service.module);
  const providers = blocks(service.values, 'capacity_provider_strategy');
  const isOnFargate =
    launchType === 'FARGATE' ||
    (providers.length > 0 &&
      providers.every(({ capacity_provider }) => String(capacity_provider).startsWith('FARGATE')));
  if (!isOnFargate) return costs(0, [], ['its capacity: only Fargate has a price here']);
  if (definition === undefined)
    return costs(0, [], ['the size of its tasks: its task definition is not in the plan']);
  if (typeof count !== 'number') return costs(0, [], ['the number of its tasks']);
  const spot = spotTasks(count, providers);
  const [onDemandTask, spotTask] = [
    taskPerHour(definition, prices, false),
    taskPerHour(definition, prices, true),
  ];
  if (onDemandTask === undefined || spotTask === undefined)
    return costs(0, [], ['the size of its tasks: cpu and memory are known after an apply']);
  const tasks = (count - spot) * onDemandTask + spot * spotTask;
  const [network] = blocks(service.values, 'network_configuration');
  const addresses = network?.['assign_public_ip'] === true ? count * prices.publicAddress.dollars : 0;
  // A consumer polls its queue, also when it is empty.
  const isConsumer = ![undefined, 'url-issuer'].includes(serviceOfModule(service.module));
  const polls = isConsumer ? (count * POLLS_A_MONTH * prices.sqsRequests.dollars) / 1e6 : 0;
  return costs((tasks + addresses) * HOURS_A_MONTH + polls, [
    'more tasks, up to max_tasks, at the price of these',
  ]);
};

/** Of so many tasks, those on Spot: the bases first, then by weight. A part counts as on demand. */
function spotTasks(count: number, strategy: readonly Readonly<Record<string, unknown>>[]): number {
  const of = (provider: string) => strategy.find(({ capacity_provider }) => capacity_provider === provider);
  const number = (block: Readonly<Record<string, unknown>> | undefined, name: string) =>
    Number(block?.[name] ?? 0);
  const [onDemand, spot] = [of('FARGATE'), of('FARGATE_SPOT')];
  const onDemandBase = Math.min(count, number(onDemand, 'base'));
  const spotBase = Math.min(count - onDemandBase, number(spot, 'base'));
  const rest = count - onDemandBase - spotBase;
  const weights = number(onDemand, 'weight') + number(spot, 'weight');
  return spotBase + (weights === 0 ? 0 : Math.floor((rest * number(spot, 'weight')) / weights));
}

function taskPerHour({ values }: PlannedResource, prices: Prices, isSpot: boolean): number | undefined {
  const [vcpus, gibs] = [Number(values['cpu']) / 1024, Number(values['memory']) / 1024];
  if (!(vcpus > 0 && gibs > 0)) return undefined;
  const isArm = blocks(values, 'runtime_platform')[0]?.['cpu_architecture'] === 'ARM64';
  const spot = isArm
    ? [prices.fargateSpotArmCpu, prices.fargateSpotArmMemory]
    : [prices.fargateSpotX86Cpu, prices.fargateSpotX86Memory];
  const onDemand = isArm
    ? [prices.fargateArmCpu, prices.fargateArmMemory]
    : [prices.fargateX86Cpu, prices.fargateX86Memory];
  const [cpu, memory] = isSpot ? spot : onDemand;
  return vcpus * (cpu?.dollars ?? Number.NaN) + gibs * (memory?.dollars ?? Number.NaN);
}

/** Container Insights, if the cluster has them: their metrics of the cluster and of each service of the plan. */
export const ecsClusterCost: Pricing = (cluster, plan, prices) => {
  const setting = blocks(cluster.values, 'setting').find(({ name }) => name === 'containerInsights');
  if (setting === undefined) return costs(0, [], ['Container Insights: the account’s own setting decides']);
  if (setting['value'] === 'disabled') return costs(0);
  const { resources } = plan;
  if (resources.filter(({ type }) => type === 'aws_ecs_cluster').length > 1)
    return costs(
      0,
      [],
      ['Container Insights: a plan with several clusters does not say which services are in which'],
    );
  const services = resources.filter(({ type }) => type === 'aws_ecs_service');
  const metrics = insightsMetrics(services.length);
  const enhanced =
    setting['value'] === 'enhanced' ? ['more metrics for each task and container (enhanced)'] : [];
  return costs(metrics * prices.metric.dollars, [rate(prices.metric)], enhanced);
};
