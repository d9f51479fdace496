import { type Commands, lastLine } from '../deploy/commands.ts';
import { DeployError } from '../deploy/deploy-error.ts';
import { type Aws, remove, removeBucket } from './removals.ts';

/** Everything of a run has it, with the run's name as value. */
export const TAG = 'upload-once-test';

/** What AWS says of something that is gone already. Its list of tagged resources is late by minutes. */
const GONE =
  /NotFound|No scalable target found|NoSuch|NonExistent|Not ?Found|does not exist|ClusterNotActive|ServiceNotActive/i;
/** Each pass removes what the one before it made free: a VPC after its subnets. */
const PASSES = 6;

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
        await remove(aws, arn);
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
