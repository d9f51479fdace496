import { isIP } from 'node:net';
import {
  awsFields,
  type ConfigChecks,
  type ConfigFinding,
  type ConfigOf,
  checkOrigin,
  checkOrigins,
  checkUrl,
  clientS3Fields,
  drainFields,
  entriesOf,
  flag,
  healthFields,
  integer,
  logFields,
  ORIGINS_EXPECTED,
  optional,
  storageFields,
  tableNameRule,
  text,
  tracingFields,
} from '@upload-once/runtime';
import { assertNamePart, LONGEST_FORM_SECONDS, NAME_PART_EXPECTED } from '@upload-once/uploads';
import type { UploadDefaults } from './issuing/upload-request.ts';
import { linkPageChecks, linkPageFields } from './link-page/link-page-config.ts';
import { linkFields, linkSettingsFrom } from './links/link-config.ts';
import type { LinkSettings } from './links/link-settings.ts';

const SECONDS_PER_DAY = 86_400;

const FORM_LIFETIME_EXPECTED = `a whole number of seconds from 1 to ${LONGEST_FORM_SECONDS} (7 days)`;

const TRUSTED_PROXIES_EXPECTED =
  'addresses or networks such as "10.0.0.0/16", or "loopback", "linklocal", "uniquelocal", separated by commas';

/** The url-issuer's variables. */
export const configFields = {
  ...awsFields,
  ...logFields,
  ...tracingFields,
  OTEL_TRACES_SAMPLER_ARG: text({
    default: '1',
    pattern: '^(0(\\.[0-9]{1,9})?|1(\\.0{1,9})?)$',
    description:
      'Which part of the uploads has a trace, from 0 to 1. A request with a traceparent keeps the decision of its caller. The other services keep the recorded decision.',
    expected: 'a number from 0 to 1, for example "0.05"',
  }),
  ...drainFields,
  ...healthFields,
  ...storageFields,
  ACCESS_TABLE: text({ ...tableNameRule, description: 'The DynamoDB table of the API keys.' }),
  API_KEY_CACHE_SECONDS: integer({
    default: 5,
    minimum: 0,
    // A body may take 5 seconds more: what a disabled key asks for ends within the 10 that are promised.
    maximum: 5,
    description:
      'How long a task uses what it has read of an API key. A change takes effect after this time at most.',
    expected: 'a whole number of seconds from 0 to 5',
  }),
  BAD_KEYS_PER_MINUTE: integer({
    default: 30,
    minimum: 0,
    maximum: 100_000,
    description:
      'How many unknown API keys an address can send each minute before it gets 429. The same limit holds for each disabled or expired key. 0 means no limit: use it if all clients share one address.',
    expected: 'a whole number from 0 to 100000',
  }),
  STATUS_RATE_PER_SECOND: integer({
    default: 20,
    minimum: 1,
    maximum: 10_000,
    description:
      'How many status requests (GET /v1/uploads/{id}) an API key can send each second. Twice as many can come at once. They do not count against the rate of the key.',
    expected: 'a whole number from 1 to 10000',
  }),
  MAX_CONNECTIONS: integer({
    default: 1_000,
    minimum: 10,
    maximum: 100_000,
    description:
      'The most connections that a task has open. A quarter of this number of status requests can wait for a change. One more connection replaces the oldest idle one, or the one that is served next. Headers and trailers of all connections take at most 32 MiB of memory.',
    expected: 'a whole number from 10 to 100000',
  }),
  RATE_LIMIT_STORE_URL: optional(
    text({
      pattern: '^rediss?://[^/?#]',
      description:
        'A Valkey or Redis in which all tasks count rates together. Without it, or while it is unavailable, each task allows the whole rate.',
      expected: 'a redis:// or rediss:// (TLS) URL, for example "rediss://rates.example.org:6379"',
    }),
  ),
  ...clientS3Fields,
  PATH_PREFIX: text({
    default: '',
    pattern: '^/?$|^(/[A-Za-z0-9._~-]+)+/?$',
    description: 'The path before /getpresignedurl, for clients that use a stage such as /prod.',
    expected: 'a path such as "/prod", of letters, digits, "-", "_", "." and "~", or nothing',
  }),
  TRUSTED_PROXIES: text({
    default: '',
    pattern: '^([0-9A-Za-z:./]+)?( *, *[0-9A-Za-z:./]+)*$',
    description: 'The proxies whose X-Forwarded-For is trusted: addresses or networks, separated by commas.',
    expected: TRUSTED_PROXIES_EXPECTED,
  }),
  CORS_ORIGINS: text({
    default: '',
    description:
      'Web origins, separated by commas, whose pages can call this service. Every visitor can read an API key in a page.',
    expected: ORIGINS_EXPECTED,
  }),
  SUCCESS_REDIRECT_ORIGINS: text({
    default: '',
    description:
      'Web origins, separated by commas, to which S3 can send the browser after a form (successRedirect of POST /v1/uploads).',
    expected: ORIGINS_EXPECTED,
  }),
  UPLOAD_NAME_PART: text({
    default: 'UploadFilename',
    pattern: '^[^/$\\u0000-\\u001f\\u007f]+$',
    description: 'The beginning of every object key, after uploads/.',
    expected: NAME_PART_EXPECTED,
  }),
  SHARDED_KEYS: flag({
    default: false,
    description:
      'Puts a shard before the name, uploads/<shard>/<name>-…, so that S3 can divide the writes of one moment (docs/scale.md). Ids stay without it, and earlier keys stay valid.',
    expected: '"true" or "false"',
  }),
  FORM_LIFETIME_SECONDS: integer({
    default: 30,
    minimum: 1,
    maximum: LONGEST_FORM_SECONDS,
    description: 'How long an upload can start with a form.',
    expected: FORM_LIFETIME_EXPECTED,
  }),
  FORM_LIFETIME_MAX_SECONDS: integer({
    default: 3_600,
    minimum: 1,
    maximum: LONGEST_FORM_SECONDS,
    description:
      'The longest lifetime that POST /v1/uploads accepts, at least FORM_LIFETIME_SECONDS. The bucket policy must allow signatures of that age.',
    expected: FORM_LIFETIME_EXPECTED,
  }),
  FORM_MAX_BYTES: integer({
    default: 5_368_709_120,
    minimum: 1,
    maximum: 5_368_709_120,
    description: 'The largest file that a form accepts.',
    expected: 'a whole number of bytes from 1 to 5368709120 (5 GiB)',
  }),
  ...linkFields,
  ...linkPageFields,
  PRESIGNED_PUT: flag({
    default: true,
    description: 'Allows "method": "put". Set "false" if the bucket policy rejects presigned PUTs.',
    expected: '"true" or "false"',
  }),
};

export type Config = ConfigOf<typeof configFields>;

/** What the service makes of its variables. */
export interface Settings {
  /** Empty, or with a slash before and none behind. */
  readonly pathPrefix: string;
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly recordRetentionSeconds: number;
  /** See the plugin `trace`. */
  readonly sampleRatio: number;
  readonly defaults: UploadDefaults;
  readonly links: LinkSettings;
}

export function settingsFrom(config: Config): Settings {
  return {
    pathPrefix: config.PATH_PREFIX.replace(/\/$/, ''),
    trustedProxies: entriesOf(config.TRUSTED_PROXIES),
    corsOrigins: entriesOf(config.CORS_ORIGINS),
    recordRetentionSeconds: config.RECORD_RETENTION_DAYS * SECONDS_PER_DAY,
    sampleRatio: Number(config.OTEL_TRACES_SAMPLER_ARG),
    links: linkSettingsFrom(config),
    defaults: {
      namePart: config.UPLOAD_NAME_PART,
      shardedKeys: config.SHARDED_KEYS,
      maxBytes: config.FORM_MAX_BYTES,
      lifetimeSeconds: config.FORM_LIFETIME_SECONDS,
      presignedPut: config.PRESIGNED_PUT,
      redirectOrigins: entriesOf(config.SUCCESS_REDIRECT_ORIGINS),
      lifetimeMaxSeconds: Math.max(config.FORM_LIFETIME_SECONDS, config.FORM_LIFETIME_MAX_SECONDS),
    },
  };
}

/** What only a closer look finds. */
export const configChecks: ConfigChecks<typeof configFields> = {
  RATE_LIMIT_STORE_URL: checkUrl,
  S3_PUBLIC_ENDPOINT: checkUrl,
  TRUSTED_PROXIES: checkProxies,
  CORS_ORIGINS: checkOrigins,
  LINK_ORIGIN: checkOrigin,
  LINK_RETURN_ORIGINS: checkOrigins,
  ...linkPageChecks,
  SUCCESS_REDIRECT_ORIGINS: checkOrigins,
  UPLOAD_NAME_PART: checkNamePart,
};

function checkNamePart(namePart: string): ConfigFinding {
  try {
    assertNamePart(namePart);
    return undefined;
  } catch (error) {
    return `expected ${NAME_PART_EXPECTED}: ${(error as Error).message}`;
  }
}

function checkProxies(list: string): ConfigFinding {
  const wrong = entriesOf(list).filter((entry) => !isProxyEntry(entry));
  if (wrong.length === 0) return undefined;
  return `expected ${TRUSTED_PROXIES_EXPECTED}, got ${wrong.map((entry) => JSON.stringify(entry)).join(', ')}`;
}

function isProxyEntry(entry: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(entry)) return true;
  const [address = '', prefixBits, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefixBits === undefined) return true;
  return (
    /^[0-9]{1,3}$/.test(prefixBits) &&
    Number(prefixBits) >= 1 &&
    Number(prefixBits) <= (family === 4 ? 32 : 128)
  );
}
