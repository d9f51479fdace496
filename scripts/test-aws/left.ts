import { type Commands, lastLine } from '../deploy/commands.ts';
import { DeployError } from '../deploy/deploy-error.ts';

/** Everything of a run has it, with the run's name as value. */
export const TAG = 'upload-once-test';

/** What AWS says of something that is gone already. Its list of tagged resources is late by minutes. */
const GONE =
  /NotFound|No scalable target found|NoSuch|NonExistent|Not ?Found|does not exist|ClusterNotActive|ServiceNotActive/i;
/** Each pass removes what the one before it made free: a VPC after its subnets. */
const PASSES = 6;

type Aws = (...args: string[]) => Promise<string>;

/** How each kind of resource is removed, by its ARN. The groups of a pattern are the arguments of its removal. */
const REMOVALS: readonly (readonly [RegExp, (aws: Aws, ...parts: string[]) => Promise<unknown>])[] = [
  [/:ecs:.*:service\/([^/]+)\/(.+)$/, removeService],
  [/:ecs:.*:cluster\/(.+)$/, (aws, name = '') => aws('ecs', 'delete-cluster', '--cluster', name)],
  [
    /:ecs:.*:task-definition\/(.+)$/,
    (aws, name = '') => aws('ecs', 'deregister-task-definition', '--task-definition', name),
  ],
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
  [
    /:sqs:.*:([^:]+)$/,
    async (aws, name = '') =>
      aws(
        'sqs',
        'delete-queue',
        '--queue-url',
        (
          await aws('sqs', 'get-queue-url', '--queue-name', name, '--query', 'QueueUrl', '--output', 'text')
        ).trim(),
      ),
  ],
  [
    /:cloudwatch:.*:alarm:(.+)$/,
    (aws, name = '') => aws('cloudwatch', 'delete-alarms', '--alarm-names', name),
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
  [/:ec2:.*:route-table\/(.+)$/, (aws, id = '') => aws('ec2', 'delete-route-table', '--route-table-id', id)],
  [/:ec2:.*:security-group\/(.+)$/, removeSecurityGroup],
  [/:ec2:.*:vpc\/(.+)$/, (aws, id = '') => aws('ec2', 'delete-vpc', '--vpc-id', id)],
];

/** These go with what they belong to. */
const PARTS = /:ec2:.*:security-group-rule\/|:application-autoscaling:|:iam::/;

/** The ARNs of what has the tag of a run, as AWS lists them: late by some minutes. Without a name, those of all runs. */
export async function listLeft(commands: Commands, region: string, name?: string): Promise<string[]> {
  const filter = name === undefined ? `Key=${TAG}` : `Key=${TAG},Values=${name}`;
  const listed = await commands.read(
    ...([
      'aws',
      'resourcegroupstaggingapi',
      'get-resources',
      '--region',
      region,
      '--tag-filters',
      filter,
    ] as const),
    ...['--query', 'ResourceTagMappingList[].ResourceARN', '--output', 'json'],
  );
  return (JSON.parse(listed) as string[]).filter((arn) => !PARTS.test(arn)).sort();
}

/**
 * Removes what has the tag of a run without Terraform's state: what a destroy leaves on purpose (task definitions), and what a lost state
 * knows nothing of. Roles are found by name, since AWS lists no roles by tag, and so are buckets.
 * @returns what could not be removed: its ARN, and what AWS said
 */
export async function removeLeft(commands: Commands, region: string, name: string): Promise<string[]> {
  const aws: Aws = async (...args) => {
    const { exitCode, stdout, stderr } = await commands.tryOut('aws', ...args, '--region', region);
    if (exitCode === 0 || GONE.test(stderr)) return stdout;
    throw new DeployError(lastLine(stderr));
  };
  let left = await listLeft(commands, region, name);
  let complaints: string[] = [];
  for (let pass = 1; pass <= PASSES && left.length > 0; pass += 1) {
    complaints = [];
    const kept: string[] = [];
    for (const arn of left) {
      try {
        await removeOne(aws, arn);
      } catch (error) {
        kept.push(arn);
        complaints.push(`${arn}: ${(error as Error).message}`);
      }
    }
    if (kept.length === left.length) break;
    left = kept;
  }
  await removeRoles(aws, name);
  await removeUntaggedBuckets(aws, name);
  // Container Insights makes it, without a tag.
  await aws('logs', 'delete-log-group', '--log-group-name', `/aws/ecs/containerinsights/${name}/performance`);
  return complaints;
}

async function removeOne(aws: Aws, arn: string): Promise<void> {
  for (const [pattern, remove] of REMOVALS) {
    const found = pattern.exec(arn);
    if (found === null) continue;
    await remove(aws, ...found.slice(1));
    return;
  }
  throw new DeployError('remove it by hand');
}

/** Its scaling first: the alarms of a scalable target outlive its service. */
async function removeService(aws: Aws, cluster = '', service = ''): Promise<void> {
  await aws(
    ...['application-autoscaling', 'deregister-scalable-target', '--service-namespace', 'ecs'],
    ...['--scalable-dimension', 'ecs:service:DesiredCount', '--resource-id', `service/${cluster}/${service}`],
  );
  await aws('ecs', 'delete-service', '--force', '--cluster', cluster, '--service', service);
}

async function removeBucket(aws: Aws, name = ''): Promise<void> {
  for (;;) {
    const listed = await aws(
      ...['s3api', 'list-object-versions', '--bucket', name, '--max-items', '500', '--output', 'json'],
      ...['--query', '{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}}'],
    );
    const objects =
      listed.trim() === '' ? null : (JSON.parse(listed) as { Objects: unknown[] | null }).Objects;
    if (!objects || objects.length === 0) break;
    await aws(
      's3api',
      'delete-objects',
      '--bucket',
      name,
      '--delete',
      JSON.stringify({ Objects: objects, Quiet: true }),
    );
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

/** Terraform tags a bucket in a call of its own: one whose creation was interrupted has no tag, and is in no state. */
async function removeUntaggedBuckets(aws: Aws, name: string): Promise<void> {
  const listed = await aws(
    ...[
      's3api',
      'list-buckets',
      '--query',
      `Buckets[?starts_with(Name, '${name}-')].Name`,
      '--output',
      'text',
    ],
  );
  for (const bucket of listed.trim().split(/\s+/).filter(Boolean)) await removeBucket(aws, bucket);
}

async function removeRoles(aws: Aws, name: string): Promise<void> {
  const listed = await aws(
    'iam',
    'list-roles',
    '--query',
    `Roles[?starts_with(RoleName, '${name}-')].RoleName`,
    '--output',
    'text',
  );
  for (const role of listed.trim().split(/\s+/).filter(Boolean)) {
    const policies = await aws(
      'iam',
      'list-role-policies',
      '--role-name',
      role,
      '--query',
      'PolicyNames',
      '--output',
      'text',
    );
    for (const policy of policies.trim().split(/\s+/).filter(Boolean))
      await aws('iam', 'delete-role-policy', '--role-name', role, '--policy-name', policy);
    await aws('iam', 'delete-role', '--role-name', role);
  }
}
