import { type Aws, removeBucket } from './removals.ts';

/** What AWS does not list by its tag: kinds without tags, what AWS makes by itself, and what was interrupted before it got its tags. */
interface NamedKind {
  readonly kind: string;
  /** The call of the AWS CLI that prints the names, of all that begin so. */
  readonly list: (prefix: string) => readonly string[];
  readonly remove: (aws: Aws, name: string) => Promise<unknown>;
  /** Whether the account has one list of them for all regions; the name then has the region in it. */
  readonly isGlobal?: true;
}

export interface Named {
  readonly kind: string;
  readonly name: string;
}

const beginning = (list: string, name: string, prefix: string) =>
  `${list}[?starts_with(${name}, '${prefix}')].${name}`;

/** A schedule starts tasks, so it goes before the cluster; all others belong to nothing that has a tag. */
const SCHEDULES: NamedKind = {
  kind: 'schedule',
  list: (prefix) => ['scheduler', 'list-schedules', '--name-prefix', prefix, '--query', 'Schedules[].Name'],
  remove: (aws, name) => aws('scheduler', 'delete-schedule', '--name', name),
};

const OTHERS: readonly NamedKind[] = [
  {
    kind: 'role',
    list: (prefix) => ['iam', 'list-roles', '--query', beginning('Roles', 'RoleName', prefix)],
    remove: removeRole,
    isGlobal: true,
  },
  {
    kind: 'bucket',
    list: (prefix) => ['s3api', 'list-buckets', '--query', beginning('Buckets', 'Name', prefix)],
    remove: removeBucket,
    isGlobal: true,
  },
  // A restored table has no tags.
  {
    kind: 'table',
    list: (prefix) => [...['dynamodb', 'list-tables', '--query'], `TableNames[?starts_with(@, '${prefix}')]`],
    remove: (aws, name) => aws('dynamodb', 'delete-table', '--table-name', name),
  },
  {
    kind: 'dashboard',
    list: (prefix) => [
      ...['cloudwatch', 'list-dashboards', '--dashboard-name-prefix', prefix],
      ...['--query', 'DashboardEntries[].DashboardName'],
    ],
    remove: (aws, name) => aws('cloudwatch', 'delete-dashboards', '--dashboard-names', name),
    isGlobal: true,
  },
  {
    kind: 'log resource policy',
    list: (prefix) => [
      ...['logs', 'describe-resource-policies', '--query'],
      beginning('resourcePolicies', 'policyName', prefix),
    ],
    remove: (aws, name) => aws('logs', 'delete-resource-policy', '--policy-name', name),
  },
  // Container Insights makes it.
  {
    kind: 'log group',
    list: (prefix) => [
      ...['logs', 'describe-log-groups', '--log-group-name-prefix', `/aws/ecs/containerinsights/${prefix}`],
      ...['--query', 'logGroups[].logGroupName'],
    ],
    remove: (aws, name) => aws('logs', 'delete-log-group', '--log-group-name', name),
  },
];

/** @param prefix of a run: its name and "-"; of all runs: what their names begin with */
export async function listNamed(aws: Aws, region: string, prefix: string): Promise<Named[]> {
  const found = await Promise.all(
    [SCHEDULES, ...OTHERS].map(async (kind) =>
      (await namesOfKind(aws, kind, region, prefix)).map((name) => ({ kind: kind.kind, name })),
    ),
  );
  return found.flat();
}

export async function removeSchedules(aws: Aws, region: string, prefix: string): Promise<string[]> {
  return await removeKind(aws, SCHEDULES, region, prefix);
}

/** @returns what could not be removed, and what AWS said */
export async function removeNamed(aws: Aws, region: string, prefix: string): Promise<string[]> {
  const complaints: string[] = [];
  for (const kind of OTHERS) complaints.push(...(await removeKind(aws, kind, region, prefix)));
  return complaints;
}

async function removeKind(aws: Aws, kind: NamedKind, region: string, prefix: string): Promise<string[]> {
  const complaints: string[] = [];
  for (const name of await namesOfKind(aws, kind, region, prefix)) {
    try {
      await kind.remove(aws, name);
    } catch (error) {
      complaints.push(`${kind.kind} ${name}: ${(error as Error).message}`);
    }
  }
  return complaints;
}

async function namesOfKind(aws: Aws, { list, isGlobal }: NamedKind, region: string, prefix: string) {
  const names = await namesOf(aws, list(prefix));
  return names.filter((name) => !isGlobal || name.includes(region));
}

async function namesOf(aws: Aws, call: readonly string[]): Promise<string[]> {
  const listed = (await aws(...call, '--output', 'json')).trim();
  return listed === '' ? [] : ((JSON.parse(listed) as string[] | null) ?? []);
}

async function removeRole(aws: Aws, role: string): Promise<void> {
  const policies = await namesOf(aws, [
    ...['iam', 'list-role-policies', '--role-name', role, '--query', 'PolicyNames'],
  ]);
  for (const policy of policies)
    await aws('iam', 'delete-role-policy', '--role-name', role, '--policy-name', policy);
  await aws('iam', 'delete-role', '--role-name', role);
}
