import {
  EGRESSES,
  type Egress,
  type Installation,
  installationOf,
  PROFILES,
  type Profile,
} from './installation.ts';
import { PRICES, type PriceName, type Prices } from './prices.ts';

export const LOADS = ['busy', 'idle'] as const;
export type Load = (typeof LOADS)[number];

/** What a user of `make cost` can change. */
export interface Parameters {
  readonly region: string;
  readonly prices: Prices;
  readonly uploadsPerMonth: number;
  /** Of all uploads, how many come by a presigned PUT and not by a form: 0 to 1. */
  readonly putShare: number;
  readonly sizeMib: number;
  /** How long the source of a PUT stays under uploads/. */
  readonly sourceDays: number;
  readonly logRetentionDays: number;
  readonly recordRetentionDays: number;
  readonly load: Load;
  readonly architecture: 'ARM64' | 'X86_64';
  readonly profile: Profile;
  readonly egress: Egress;
  readonly zones: number;
  /** Whether clients call a domain of yours, on a public load balancer, and not API Gateway. */
  readonly hasDomain: boolean;
  readonly hasKmsKey: boolean;
  /** Whether each upload has a webhook. They need a way to the internet. */
  readonly hasWebhooks: boolean;
  readonly hasBackups: boolean;
  readonly serverless: {
    readonly memoryMib: number;
    readonly milliseconds: number;
    readonly logBytes: number;
  };
  readonly installation: Installation;
}

type Environment = Readonly<Record<string, string | undefined>>;

const YES_NO = ['yes', 'no'] as const;

/** The defaults are those of terraform/. @throws RangeError that names the variable, what was given and what is allowed */
export function readParameters(environment: Environment): Parameters {
  const profile = choiceFrom(environment, 'PROFILE', PROFILES, 'standard');
  const { defaults, ...installation } = installationOf(profile);
  const number = (name: string, otherwise: number, most: number) =>
    numberFrom(environment, name, otherwise, most);
  const choice = <T extends string>(name: string, allowed: readonly T[], otherwise: T) =>
    choiceFrom(environment, name, allowed, otherwise);
  const hasWebhooks = choice('WEBHOOKS', YES_NO, 'no') === 'yes';
  const ways = hasWebhooks ? EGRESSES.filter((way) => way !== 'endpoints') : EGRESSES;
  const egress = hasWebhooks && defaults.egress === 'endpoints' ? 'nat' : defaults.egress;
  const region = choice('REGION', Object.keys(PRICES), 'us-east-1');
  return {
    region,
    prices: pricesFrom(environment, region),
    uploadsPerMonth: number('UPLOADS_PER_MONTH', 1_000_000, 1e11),
    putShare: number('PUT_SHARE', 0, 100) / 100,
    sizeMib: number('SIZE_MIB', 1, 5 * 1024),
    sourceDays: number('SOURCE_DAYS', defaults.sourceDays, 3650),
    logRetentionDays: number('LOG_RETENTION_DAYS', defaults.logRetentionDays, 3653),
    recordRetentionDays: number('RECORD_RETENTION_DAYS', defaults.recordRetentionDays, 3650),
    load: choice('LOAD', LOADS, 'busy'),
    architecture: choice('ARCHITECTURE', ['ARM64', 'X86_64'], defaults.architecture),
    profile,
    egress: choice<Egress>('EGRESS', ways, egress),
    zones: Number(choice('ZONES', ['2', '3'], defaults.zones)),
    // A domain leads to a load balancer, which the small profile does not have.
    hasDomain: choice<'yes' | 'no'>('DOMAIN', profile === 'small' ? ['no'] : YES_NO, 'no') === 'yes',
    hasKmsKey: choice('KMS_KEY', YES_NO, 'no') === 'yes',
    hasWebhooks,
    hasBackups: choice('BACKUPS', YES_NO, defaults.hasBackups ? 'yes' : 'no') === 'yes',
    serverless: {
      memoryMib: number('SERVERLESS_MEMORY_MIB', 512, 10_240),
      milliseconds: number('SERVERLESS_MS', 250, 900_000),
      logBytes: number('SERVERLESS_LOG_BYTES', 900, 1e6),
    },
    installation,
  };
}

/** A price's variable is PRICE_ and its name: PRICE_S3_WRITES, in dollars for the price's unit. */
function pricesFrom(environment: Environment, region: string): Prices {
  const known = PRICES[region] as Prices;
  const variables = new Map(Object.keys(known).map((name) => [variableOf(name), name as PriceName] as const));
  for (const name of Object.keys(environment)) {
    if (name.startsWith('PRICE_') && !variables.has(name))
      throw new RangeError(`${name} is no price. There are: ${[...variables.keys()].join(', ')}`);
  }
  const changed = [...variables].map(([variable, name]) => {
    const dollars = numberFrom(environment, variable, known[name].dollars, 1_000);
    return [name, { ...known[name], dollars }];
  });
  return Object.fromEntries(changed) as Prices;
}

function variableOf(name: string): string {
  return `PRICE_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** From 0 to `most`; an empty variable counts as not set. */
function numberFrom(environment: Environment, name: string, otherwise: number, most: number): number {
  const given = environment[name] || String(otherwise);
  const number = /^\d*\.?\d+(e[+-]?\d+)?$/i.test(given) ? Number(given) : Number.NaN;
  if (number >= 0 && number <= most) return number;
  throw new RangeError(`${name}: a number from 0 to ${most} was expected, not ${JSON.stringify(given)}`);
}

function choiceFrom<T extends string>(
  environment: Environment,
  name: string,
  allowed: readonly T[],
  otherwise: T,
): T {
  const given = environment[name] || otherwise;
  const chosen = allowed.find((value) => value === given);
  if (chosen !== undefined) return chosen;
  throw new RangeError(`${name}: ${allowed.join(' or ')} was expected, not ${JSON.stringify(given)}`);
}
