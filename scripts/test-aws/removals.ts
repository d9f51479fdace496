// Over 250 lines, and one thing: how each kind of resource of a test run is removed.
import { DeployError } from '../deploy/deploy-error.ts';

/** Runs the AWS CLI. @returns its standard output */
export type Aws = (...args: string[]) => Promise<string>;

/**
 * How each kind of resource is removed, by its ARN, in the order in which they go: nothing before what uses it. The groups of a pattern are the
 * arguments of its removal.
 */
const REMOVALS: readonly (readonly [RegExp, (aws: Aws, ...parts: string[]) => Promise<unknown>])[] = [
  [/:ecs:.*:service\/([^/]+)\/(.+)$/, removeService],
  [/:ecs:.*:cluster\/(.+)$/, removeCluster],
  [/:ecs:.*:task-definition\/(.+)$/, removeTaskDefinition],
  [
    /^(.*:elasticloadbalancing:.*:listener\/.*)$/,
    (aws, arn = '') => aws('elbv2', 'delete-listener', '--listener-arn', arn),
  ],
  [
    /^(.*:elasticloadbalancing:.*:loadbalancer\/.*)$/,
    (aws, arn = '') => aws('elbv2', 'delete-load-balancer', '--load-balancer-arn', arn),
  ],
  [
    /^(.*:elasticloadbalancing:.*:targetgroup\/.*)$/,
    (aws, arn = '') => aws('elbv2', 'delete-target-group', '--target-group-arn', arn),
  ],
  [/:apigateway:.*\/apis\/([^/]+)$/, (aws, id = '') => aws('apigatewayv2', 'delete-api', '--api-id', id)],
  [
    /:apigateway:.*\/vpclinks\/([^/]+)$/,
    (aws, id = '') => aws('apigatewayv2', 'delete-vpc-link', '--vpc-link-id', id),
  ],
  [
    /:ecr:.*:repository\/(.+)$/,
    (aws, name = '') => aws('ecr', 'delete-repository', '--force', '--repository-name', name),
  ],
  [/^(.*:sns:.*)$/, (aws, arn = '') => aws('sns', 'delete-topic', '--topic-arn', arn)],
  [/:sqs:.*:([^:]+)$/, removeQueue],
  [
    /:cloudwatch:.*:alarm:(.+)$/,
    (aws, name = '') => aws('cloudwatch', 'delete-alarms', '--alarm-names', name),
  ],
  [
    /:servicediscovery:.*:service\/(.+)$/,
    (aws, id = '') => aws('servicediscovery', 'delete-service', '--id', id),
  ],
  [
    /:servicediscovery:.*:namespace\/(.+)$/,
    (aws, id = '') => aws('servicediscovery', 'delete-namespace', '--id', id),
  ],
  [/:events:.*:rule\/(.+)$/, removeRule],
  [
    /:logs:.*:log-group:([^:]+)(?::\*)?$/,
    (aws, name = '') => aws('logs', 'delete-log-group', '--log-group-name', name),
  ],
  [/:dynamodb:.*:table\/(.+)$/, (aws, name = '') => aws('dynamodb', 'delete-table', '--table-name', name)],
  [/:s3:::([^/]+)$/, removeBucket],
  [
    /:ec2:.*:vpc-endpoint\/(.+)$/,
    (aws, id = '') => aws('ec2', 'delete-vpc-endpoints', '--vpc-endpoint-ids', id),
  ],
  [/:ec2:.*:subnet\/(.+)$/, (aws, id = '') => aws('ec2', 'delete-subnet', '--subnet-id', id)],
  [/:ec2:.*:route-table\/(.+)$/, removeRouteTable],
  [/:ec2:.*:security-group\/(.+)$/, removeSecurityGroup],
  [/:ec2:.*:internet-gateway\/(.+)$/, removeInternetGateway],
  [/:ec2:.*:vpc\/(.+)$/, (aws, id = '') => aws('ec2', 'delete-vpc', '--vpc-id', id)],
];

/** No removal is known for an ARN: another try changes nothing. */
export class NoRemoval extends DeployError {
  constructor() {
    super('remove it by hand');
  }
}

export function hasRemoval(arn: string): boolean {
  return rankOf(arn) >= 0;
}

/** ARNs in the order in which they can be removed. */
export function inOrder(arns: readonly string[]): string[] {
  return arns.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function rankOf(arn: string): number {
  return REMOVALS.findIndex(([pattern]) => pattern.test(arn));
}

/** @throws DeployError what AWS said @throws NoRemoval */
export async function remove(aws: Aws, arn: string): Promise<void> {
  for (const [pattern, removal] of REMOVALS) {
    const found = pattern.exec(arn);
    if (found === null) continue;
    await removal(aws, ...found.slice(1));
    return;
  }
  throw new NoRemoval();
}

/** Its tasks first: that of the audit belongs to no service. */
async function removeCluster(aws: Aws, cluster = ''): Promise<void> {
  const tasks = await aws(
    'ecs',
    'list-tasks',
    '--cluster',
    cluster,
    '--query',
    'taskArns',
    '--output',
    'text',
  );
  for (const task of tasks
    .trim()
    .split(/\s+/)
    .filter((arn) => arn.startsWith('arn:')))
    await aws('ecs', 'stop-task', '--cluster', cluster, '--task', task);
  await aws('ecs', 'delete-cluster', '--cluster', cluster);
}

/**
 * A deregistered revision stays, and with it its tags: only a deletion ends it (Amazon ECS API Reference, "DeregisterTaskDefinition",
 * "DeleteTaskDefinitions"). The page does not say what ECS responds for one that is deregistered already, so the deletion decides.
 */
async function removeTaskDefinition(aws: Aws, name = ''): Promise<void> {
  const deregistered = await aws('ecs', 'deregister-task-definition', '--task-definition', name).catch(
    (error: Error) => error,
  );
  const refused = await aws(
    ...['ecs', 'delete-task-definitions', '--task-definitions', name],
    ...['--query', 'failures[0].reason', '--output', 'text'],
  );
  // What is refused is no error of the call.
  if (/^(None)?$/.test(refused.trim()) || refused.includes('does not exist')) return;
  throw deregistered instanceof Error ? deregistered : new DeployError(refused.trim());
}

/** A queue that is gone has no URL. */
async function removeQueue(aws: Aws, name = ''): Promise<void> {
  const found = await aws(
    ...['sqs', 'get-queue-url', '--queue-name', name, '--query', 'QueueUrl', '--output', 'text'],
  );
  const url = found.trim();
  if (url !== '') await aws('sqs', 'delete-queue', '--queue-url', url);
}

async function removeRouteTable(aws: Aws, id = ''): Promise<void> {
  const associations = await aws(
    ...['ec2', 'describe-route-tables', '--route-table-ids', id, '--output', 'text'],
    ...['--query', 'RouteTables[].Associations[].RouteTableAssociationId'],
  );
  for (const association of associations
    .trim()
    .split(/\s+/)
    .filter((one) => one.startsWith('rtbassoc-')))
    await aws('ec2', 'disassociate-route-table', '--association-id', association);
  await aws('ec2', 'delete-route-table', '--route-table-id', id);
}

async function removeInternetGateway(aws: Aws, id = ''): Promise<void> {
  const vpcs = await aws(
    ...['ec2', 'describe-internet-gateways', '--internet-gateway-ids', id, '--output', 'text'],
    ...['--query', 'InternetGateways[].Attachments[].VpcId'],
  );
  for (const vpc of vpcs
    .trim()
    .split(/\s+/)
    .filter((vpc) => vpc.startsWith('vpc-')))
    await aws('ec2', 'detach-internet-gateway', '--internet-gateway-id', id, '--vpc-id', vpc);
  await aws('ec2', 'delete-internet-gateway', '--internet-gateway-id', id);
}

/** Its scaling first: the alarms of its policies outlive it. */
async function removeService(aws: Aws, cluster = '', service = ''): Promise<void> {
  const target = [
    ...['--service-namespace', 'ecs', '--resource-id', `service/${cluster}/${service}`],
    ...['--scalable-dimension', 'ecs:service:DesiredCount'],
  ];
  const policies = await aws(
    ...['application-autoscaling', 'describe-scaling-policies', ...target],
    ...['--query', 'ScalingPolicies[].PolicyName', '--output', 'json'],
  );
  for (const policy of JSON.parse(policies.trim() || '[]') as readonly string[])
    await aws('application-autoscaling', 'delete-scaling-policy', '--policy-name', policy, ...target);
  await aws('application-autoscaling', 'deregister-scalable-target', ...target);
  await aws('ecs', 'delete-service', '--force', '--cluster', cluster, '--service', service);
}

/** Its policy first: under uploads/ it lets only the acceptor remove a version (terraform/modules/storage/policy.tf). */
export async function removeBucket(aws: Aws, name = ''): Promise<void> {
  await aws('s3api', 'delete-bucket-policy', '--bucket', name);
  for (;;) {
    const listed = await aws(
      ...['s3api', 'list-object-versions', '--bucket', name, '--max-items', '500', '--output', 'json'],
      ...['--query', '{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}}'],
    );
    const objects =
      listed.trim() === '' ? null : (JSON.parse(listed) as { Objects: unknown[] | null }).Objects;
    if (!objects || objects.length === 0) break;
    const refused = await aws(
      ...[
        's3api',
        'delete-objects',
        '--bucket',
        name,
        '--delete',
        JSON.stringify({ Objects: objects, Quiet: true }),
      ],
      ...['--query', 'Errors[0].Message', '--output', 'text'],
    );
    // What is refused is no error of the call (Amazon S3 API Reference, "DeleteObjects").
    if (!/^(None)?$/.test(refused.trim())) throw new Error(`its versions stay: ${refused.trim()}`);
  }
  await aws('s3api', 'delete-bucket', '--bucket', name);
}

async function removeRule(aws: Aws, name = ''): Promise<void> {
  const listed = await aws(
    'events',
    'list-targets-by-rule',
    '--rule',
    name,
    '--query',
    'Targets[].Id',
    '--output',
    'text',
  );
  const ids = listed.trim().split(/\s+/).filter(Boolean);
  if (ids.length > 0) await aws('events', 'remove-targets', '--rule', name, '--ids', ...ids);
  await aws('events', 'delete-rule', '--name', name);
}

/** Groups that name each other in their rules keep each other from being deleted. */
async function removeSecurityGroup(aws: Aws, id = ''): Promise<void> {
  for (const [side, isEgress] of [
    ['ingress', 'false'],
    ['egress', 'true'],
  ] as const) {
    const listed = await aws(
      ...[
        'ec2',
        'describe-security-group-rules',
        '--filters',
        `Name=group-id,Values=${id}`,
        '--output',
        'text',
      ],
      ...['--query', `SecurityGroupRules[?IsEgress==\`${isEgress}\`].SecurityGroupRuleId`],
    );
    const rules = listed.trim().split(/\s+/).filter(Boolean);
    if (rules.length > 0)
      await aws(
        'ec2',
        `revoke-security-group-${side}`,
        '--group-id',
        id,
        '--security-group-rule-ids',
        ...rules,
      );
  }
  await aws('ec2', 'delete-security-group', '--group-id', id);
}
