import { DeployError } from './deploy-error.ts';

export const SERVICES = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'] as const;
export type Service = (typeof SERVICES)[number];
/** What has an image: each service, and the daily audit. */
export type Program = Service | 'audit';

const PLATFORMS: Readonly<Record<string, string>> = { ARM64: 'linux/arm64', X86_64: 'linux/amd64' };
const REGISTRY = 'module.registry[0].';

/** What is lost when Terraform replaces a resource, and which resources cannot be replaced, by address. */
const LOSSES = [
  {
    resources: /^module\.storage\.aws_(s3_bucket|sqs_queue|dynamodb_table)\./,
    loss: 'a bucket, a queue or a table is lost with its content. Answer no, and find the variable that changed',
  },
  {
    resources: /^module\.(network\.aws_vpc|endpoint\.aws_lb_target_group)\./,
    loss: 'the network cannot change: the apply would stop half-way. Answer no. See docs/deploy.md, "Changing the network"',
  },
  {
    resources: /^module\.endpoint\.aws_(lb|apigatewayv2_api|route53_record)\./,
    loss: 'clients are interrupted until it is created again, and API Gateway gives a new address. See docs/deploy.md, "Changing the address"',
  },
] as const;

/** What `terraform show -json` says of a plan; the parts that are read here. */
interface PlanJson {
  readonly variables?: Readonly<Record<string, { readonly value?: unknown }>>;
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly actions: readonly string[] };
  }[];
}

export interface Plan {
  /** Resources that are made, changed in place, replaced or removed, by address. */
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
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
export function warningsOf({ replaced, removed }: Plan): string[] {
  const gone = [...removed, ...replaced];
  return LOSSES.filter(({ resources }) => gone.some((address) => resources.test(address))).map(
    ({ loss }) => loss,
  );
}

/** What a later plan would do that an earlier one did not say. */
export function surprisesIn(later: Plan, earlier: Plan): string[] {
  return (['created', 'updated', 'replaced', 'removed'] as const).flatMap((kind) =>
    later[kind]
      .filter((address) => !earlier[kind].includes(address))
      .map((address) => `${address} would be ${kind}`),
  );
}
