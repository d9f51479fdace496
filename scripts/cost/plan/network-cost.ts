import { HOURS_A_MONTH } from '../lines.ts';
import type { Plan, PlannedResource } from './planned-resources.ts';
import { costs, type Pricing, rate } from './resource-cost.ts';

/** How many subnets an argument names: their number where it is known, otherwise that of the subnets it refers to. */
function subnetsOf(resource: PlannedResource, argument: string, plan: Plan): number | undefined {
  const given = resource.values[argument];
  if (Array.isArray(given)) return given.length;
  const found = plan.referredTo(resource, argument, 'aws_subnet');
  const ofEach = Map.groupBy(found, ({ module, name }) => `${module}.${name}`);
  // A choice refers to both of its sides, which have a subnet in each zone.
  return ofEach.size === 0 ? undefined : Math.max(...[...ofEach.values()].map(({ length }) => length));
}

export const vpcEndpointCost: Pricing = (endpoint, plan, prices) => {
  if (endpoint.values['vpc_endpoint_type'] === 'Gateway') return costs(0);
  const zones = subnetsOf(endpoint, 'subnet_ids', plan);
  const data = [rate(prices.endpointData)];
  if (zones === undefined) return costs(0, data, ['the number of its zones']);
  return costs(zones * prices.endpoint.dollars * HOURS_A_MONTH, data);
};

export const natGatewayCost: Pricing = (_, __, prices) =>
  costs(prices.natGateway.dollars * HOURS_A_MONTH, [rate(prices.natData)]);

export const addressCost: Pricing = (_, __, prices) => costs(prices.publicAddress.dollars * HOURS_A_MONTH);

/** A public one has a public address in each zone. */
export const loadBalancerCost: Pricing = (balancer, plan, prices) => {
  const hours = prices.loadBalancer.dollars * HOURS_A_MONTH;
  const capacity = [rate(prices.loadBalancerCapacity)];
  if (balancer.values['load_balancer_type'] !== 'application')
    return costs(0, [], ['its price: only Application Load Balancers have one here']);
  if (balancer.values['internal'] === true) return costs(hours, capacity);
  const zones = subnetsOf(balancer, 'subnets', plan);
  if (zones === undefined) return costs(hours, capacity, ['the number of its public addresses']);
  return costs(hours + zones * prices.publicAddress.dollars * HOURS_A_MONTH, capacity);
};
