import { setTimeout as delay } from 'node:timers/promises';
import { type Commands, lastLine } from '../deploy/commands.ts';
import { DeployError } from '../deploy/deploy-error.ts';
import { listNamed, type Named, removeNamed, removeSchedules } from './named.ts';
import { type Aws, inOrder, NoRemoval, remove } from './removals.ts';

/** Everything of a run has it, with the run's name as value. */
export const TAG = 'upload-once-test';

/** What AWS says of something that is gone already. Its list of tagged resources is late by minutes. */
const GONE =
  /NotFound|No scalable target found|NoSuch|NonExistent|Not ?Found|does not exist|ClusterNotActive|ServiceNotActive/i;
/** Each pass removes what the one before it made free: a VPC after its subnets. A pass that removes nothing is followed by a pause. */
const PASSES = 40;
const PAUSE_MINUTES = 0.5;

/** These go with what they belong to. */
const PARTS =
  /:ec2:.*:security-group-rule\/|:application-autoscaling:|:iam::|:apigateway:.*\/stages\/|:ecs:.*:task\//;

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

/** What a run's names begin with, with those of its resources that have no tag. */
const prefixOf = (name: string) => `${name}-`;
const PREFIX_OF_ALL = 'uo-test-';

/** What is left without a tag, of one run or of all. */
export async function listUntagged(commands: Commands, region: string, name?: string): Promise<Named[]> {
  const prefix = name === undefined ? PREFIX_OF_ALL : prefixOf(name);
  return await listNamed(awsOf(commands, region), region, prefix);
}

/**
 * Removes what has the tag of a run without Terraform's state: what a destroy leaves on purpose (task definitions), and what a lost state
 * knows nothing of. What AWS lists by no tag is found by its name.
 * @param minuteMs for tests
 * @returns what could not be removed: its ARN or name, and what AWS said
 */
export async function removeLeft(
  commands: Commands,
  region: string,
  name: string,
  minuteMs: number,
): Promise<string[]> {
  const aws = awsOf(commands, region);
  const schedules = await removeSchedules(aws, region, prefixOf(name));
  let left = inOrder(await listLeft(commands, region, name));
  let complaints: string[] = [];
  for (let pass = 1; pass <= PASSES && left.length > 0; pass += 1) {
    complaints = [];
    const kept: string[] = [];
    let isFinal = true;
    for (const arn of left) {
      try {
        await remove(aws, arn);
      } catch (error) {
        kept.push(arn);
        isFinal &&= error instanceof NoRemoval;
        complaints.push(`${arn}: ${(error as Error).message}`);
      }
    }
    if (isFinal) break;
    // Tasks stop, a VPC link and an endpoint go: what they used is free some minutes later.
    if (kept.length === left.length) await delay(PAUSE_MINUTES * minuteMs);
    left = kept;
  }
  return [...schedules, ...complaints, ...(await removeNamed(aws, region, prefixOf(name)))];
}

/** @returns the AWS CLI; what is gone already is no failure */
function awsOf(commands: Commands, region: string): Aws {
  return async (...args) => {
    const { exitCode, stdout, stderr } = await commands.tryOut('aws', ...args, '--region', region);
    if (exitCode === 0 || GONE.test(stderr)) return stdout;
    throw new DeployError(lastLine(stderr));
  };
}
