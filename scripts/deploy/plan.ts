import { DeployError } from './deploy-error.ts';

export const SERVICES = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'] as const;
export type Service = (typeof SERVICES)[number];
/** What has an image: each service, and the daily audit. */
export type Program = Service | 'audit';

const PLATFORMS: Readonly<Record<string, string>> = { ARM64: 'linux/arm64', X86_64: 'linux/amd64' };
const REGISTRY = 'module.registry[0].';

interface Loss {
  readonly resources: RegExp;
  /** In which of a plan's lists they stand. */
  readonly ways: readonly ('replaced' | 'removed' | 'withoutReplica')[];
  readonly loss: string;
}

const ADDRESS =
  'clients are interrupted until it is created again, and API Gateway gives a new address. See docs/deploy.md, "Changing the address"';

/** What is lost when Terraform replaces or removes a resource, and which resources cannot be, by address. */
const LOSSES: readonly Loss[] = [
  {
    resources: /^module\.storage\.aws_(s3_bucket|sqs_queue|dynamodb_table)\./,
    ways: ['replaced', 'removed'],
    loss: 'a bucket, a queue or a table is lost with its content. Answer no, and find the variable that changed',
  },
  {
    resources: /^module\.storage\.aws_dynamodb_table\./,
    ways: ['withoutReplica'],
    loss: 'a replica of a table is deleted, and with another region or key made anew, empty until it is filled again. Keep it until that is done, or answer no',
  },
  {
    resources: /^module\.trail\[0\]\.aws_s3_bucket\./,
    ways: ['replaced', 'removed'],
    loss: "the trail's bucket has log files: the apply would stop half-way. Answer no. See terraform/modules/trail/README.md",
  },
  {
    resources: /^module\.(network\.aws_vpc|endpoint\.aws_lb_target_group)\./,
    ways: ['replaced'],
    loss: 'the network cannot change: the apply would stop half-way. Answer no. See docs/deploy.md, "Changing the network"',
  },
  {
    resources: /^module\.network\.aws_vpc\./,
    ways: ['removed'],
    loss: 'the network cannot change: the apply would stop half-way. Answer no. See docs/deploy.md, "Changing the network"',
  },
  {
    resources: /^module\.endpoint\.aws_(lb|apigatewayv2_api|route53_record)\./,
    ways: ['replaced'],
    loss: ADDRESS,
  },
  {
    resources: /^module\.endpoint\.aws_(apigatewayv2_api|route53_record)\./,
    ways: ['removed'],
    loss: ADDRESS,
  },
  {
    resources: /^module\.endpoint\.aws_lb\./,
    ways: ['removed'],
    loss: 'clients are interrupted for some minutes, and with deletion_protection the apply stops half-way. See docs/deploy.md, "Changing the profile"',
  },
  {
    resources: /\.aws_ecs_service\./,
    ways: ['replaced'],
    loss: 'nothing of a service runs until it is created again, and clients are interrupted. If `cluster` changed, answer no, and deploy a second installation',
  },
  {
    resources: /\.aws_iam_role\./,
    ways: ['replaced'],
    loss: 'running tasks lose their permissions until new ones have replaced them, and a rollback finds no role. If `iam.path` changed, answer no, and deploy a second installation',
  },
];

/** What `terraform show -json` says of a plan; the parts that are read here. */
interface PlanJson {
  readonly variables?: Readonly<Record<string, { readonly value?: unknown }>>;
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: {
      readonly actions: readonly string[];
      readonly before?: { readonly replica?: readonly Replica[] } | null;
      readonly after?: { readonly replica?: readonly Replica[] } | null;
    };
  }[];
}

/** A table's copy in another region. */
interface Replica {
  readonly region_name: string;
  readonly kms_key_arn?: string | null;
  readonly point_in_time_recovery?: boolean | null;
}

export interface Plan {
  /** Resources that are made, changed in place, replaced or removed, by address. */
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
  /** Tables that lose a replica while they are changed in place, which the other lists do not show. */
  readonly withoutReplica: readonly string[];
  /** Whether an ECS cluster is made, perhaps the account's first. */
  readonly makesCluster: boolean;
  /** Whether the repositories have to be made before images can be pushed. */
  readonly changesRegistry: boolean;
  /** The programs whose images come from the repositories made here, and not from elsewhere. */
  readonly programs: readonly Program[];
  /** What the images are built for, as Docker names it. */
  readonly platform: string;
}

/** @throws DeployError for a plan of something else than terraform/ */
export function readPlan(json: string): Plan {
  const { variables = {}, resource_changes = [] } = JSON.parse(json) as PlanJson;
  const images = (variables['images']?.value ?? {}) as Readonly<Record<string, string>>;
  const hasWebhooks = (variables['webhooks']?.value ?? null) !== null;
  const audit = variables['audit']?.value as { readonly enabled?: boolean | null } | undefined;
  const hasAudit = audit?.enabled !== false;
  const changes = resource_changes
    .map(({ address, change }) => ({ address, kind: change.actions.join('+') }))
    .filter(({ kind }) => kind !== 'no-op' && kind !== 'read');
  const ofKind = (...kinds: string[]) =>
    changes.filter(({ kind }) => kinds.includes(kind)).map(({ address }) => address);
  return {
    created: ofKind('create'),
    updated: ofKind('update'),
    replaced: ofKind('delete+create', 'create+delete'),
    removed: ofKind('delete', 'forget'),
    withoutReplica: resource_changes
      .filter(({ change }) => change.actions.join('+') === 'update' && losesReplica(change))
      .map(({ address }) => address),
    makesCluster: ofKind('create').includes('aws_ecs_cluster.this[0]'),
    changesRegistry: changes.some(({ address }) => address.startsWith(REGISTRY)),
    programs: [...SERVICES, 'audit' as const]
      .filter((program) => hasWebhooks || program !== 'webhook-sender')
      .filter((program) => hasAudit || program !== 'audit')
      .filter((program) => !Object.hasOwn(images, program)),
    platform: platformOf(variables['architecture']?.value),
  };
}

/**
 * What Docker calls the variable `architecture`.
 * @throws DeployError when it is none
 */
export function platformOf(architecture: unknown): string {
  const platform = PLATFORMS[String(architecture)];
  if (platform !== undefined) return platform;
  throw new DeployError(
    `architecture: expected one of ${Object.keys(PLATFORMS).join(', ')}, got "${architecture}"`,
  );
}

/** Lines for the person who is asked: how many of each, and by name what goes away. */
export function summaryOf({ created, updated, replaced, removed }: Plan): string[] {
  const gone = [
    ...removed.map((address) => `removes ${address}`),
    ...replaced.map((address) => `replaces ${address}`),
  ];
  return [
    `${created.length} to create, ${updated.length} to change, ${replaced.length} to replace, ${removed.length} to remove`,
    ...gone,
  ];
}

/** A line for each kind of loss that the plan would bring, none if it brings none. */
export function warningsOf(plan: Plan): string[] {
  const losses = LOSSES.filter(({ resources, ways }) =>
    ways.some((way) => plan[way].some((address) => resources.test(address))),
  ).map(({ loss }) => loss);
  return [...new Set(losses)];
}

/**
 * The provider deletes a replica of another key and makes it anew; one that has a key also if its point-in-time recovery changes (its
 * changelog of 4.52.0).
 */
function losesReplica({
  before,
  after,
}: NonNullable<PlanJson['resource_changes']>[number]['change']): boolean {
  const later = after?.replica ?? [];
  return (before?.replica ?? []).some((old) => {
    const kept = later.find(({ region_name }) => region_name === old.region_name);
    const key = old.kms_key_arn ?? '';
    if (kept === undefined || (kept.kms_key_arn ?? '') !== key) return true;
    return key !== '' && kept.point_in_time_recovery !== old.point_in_time_recovery;
  });
}

/** What a later plan would do that an earlier one did not say. */
export function surprisesIn(later: Plan, earlier: Plan): string[] {
  return (['created', 'updated', 'replaced', 'removed'] as const).flatMap((kind) =>
    later[kind]
      .filter((address) => !earlier[kind].includes(address))
      .map((address) => `${address} would be ${kind}`),
  );
}
