import { isDeepStrictEqual } from 'node:util';
import type { ResourceChange } from './stack.ts';

/**
 * Everything that moto 5.2.5 returns with other values than it received, so that a second plan would change it: address to attributes.
 * The tests with `mock_provider` in terraform/modules verify what moto does not keep.
 *
 * - It does not keep a service's capacity providers, managed tags, grace period and rebalancing, and calls its launch type EC2.
 * - It loses the description of a rule that refers to another security group.
 * - It keeps no tags of scalable targets.
 *
 * moto has no call for the tags of scalable targets (server.py returns none). It keeps what a bucket's policy, a role and a
 * queue's redrive allow say, and does not judge by it: not at all, or as if their conditions were not there.
 */
export const OF_A_SERVICE = [
  'availability_zone_rebalancing',
  'capacity_provider_strategy',
  'deployment_controller',
  'enable_ecs_managed_tags',
  'health_check_grace_period_seconds',
  'iam_role',
  'id',
  'launch_type',
  'triggers',
];
const SERVICES = ['url-issuer', 'acceptor', 'processor'];

export function knownDifferences(): Record<string, readonly string[]> {
  const known: Record<string, readonly string[]> = {};
  for (const service of SERVICES) {
    known[`module.minimal.module.service["${service}"].aws_ecs_service.this`] = [
      ...OF_A_SERVICE,
      'tags',
      'tags_all',
    ].sort();
  }
  for (const service of [...SERVICES, 'webhook-sender']) {
    known[`module.own.module.service["${service}"].aws_ecs_service.this`] = OF_A_SERVICE;
    known[`module.own.module.service["${service}"].aws_appautoscaling_target.this`] = ['tags', 'tags_all'];
  }
  for (const way of ['ingress', 'egress']) {
    const rule = `aws_vpc_security_group_${way}_rule`;
    known[`module.minimal.module.endpoint.${rule}.vpc_link[0]`] = ['description'];
    for (const installation of ['minimal', 'own']) {
      known[`module.${installation}.module.service["url-issuer"].${rule}.caller[0]`] = ['description'];
    }
  }
  return known;
}

/** What a plan would change, in the same form. */
export function differencesOf(changes: readonly ResourceChange[]): Record<string, readonly string[]> {
  return Object.fromEntries(
    changes.map(({ address, change: { before, after } }) => [
      address,
      [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
        .filter((name) => !isDeepStrictEqual(before?.[name], after?.[name]))
        .sort(),
    ]),
  );
}
