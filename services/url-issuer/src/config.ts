import { isIP } from 'node:net';
import {
  awsFields,
  type ConfigChecks,
  type ConfigFinding,
  checkUrl,
  drainFields,
  healthFields,
  logFields,
  storageFields,
  tableNameRule,
} from '@upload-once/runtime';
import { assertNamePart, LONGEST_FORM_SECONDS, NAME_PART_EXPECTED } from '@upload-once/uploads';
import { type Static, Type } from 'typebox';
import type { UploadDefaults } from './issuing/upload-request.ts';

const SECONDS_PER_DAY = 86_400;

const FORM_LIFETIME_EXPECTED = `a whole number of seconds from 1 to ${LONGEST_FORM_SECONDS} (7 days)`;

const TRUSTED_PROXIES_EXPECTED =
  'addresses or networks such as "10.0.0.0/16", or "loopback", "linklocal", "uniquelocal", with commas between them';

const CORS_ORIGINS_EXPECTED =
  'origins such as "https://www.example.com", each a scheme, a host and perhaps a port, with commas between them; no "*"';

/** The url-issuer's variables. */
export const configSchema = Type.Object({
  ...awsFields,
  ...logFields,
  ...drainFields,
  ...healthFields,
  ...storageFields,
  ACCESS_TABLE: Type.String({ ...tableNameRule, description: 'The table that holds the API keys.' }),
  API_KEY_CACHE_SECONDS: Type.Integer({
    default: 5,
    minimum: 0,
    // A body may take 5 seconds more: what a disabled key asks for ends within the 10 that are promised.
    maximum: 5,
    description:
      'How long a look-up of an API key is good for: so long a key that was disabled or changed goes on as it was.',
    expected: 'a whole number of seconds from 0 to 5',
  }),
  BAD_KEYS_PER_MINUTE: Type.Integer({
    default: 30,
    minimum: 0,
    maximum: 100_000,
    description:
      'How many unknown API keys an address may present each minute before it is told to wait; a disabled or expired key is counted for itself, by the same number. 0 for any number, where all clients come from one address.',
    expected: 'a whole number from 0 to 100000',
  }),
  MAX_CONNECTIONS: Type.Integer({
    default: 1_000,
    minimum: 10,
    maximum: 100_000,
    description:
      'How many connections a task has open at most. One more takes the place of the oldest one that has no request being worked on. Headers and trailers take 32 MiB of memory at most, of all connections together.',
    expected: 'a whole number from 10 to 100000',
  }),
  RATE_LIMIT_STORE_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://[^/?#]',
      description:
        'A Valkey or Redis where all tasks count the rates together. Without it, and while it is away, each task counts alone and allows the whole rate.',
      expected:
        'redis:// or rediss:// (with TLS), perhaps a user and a password, a host and perhaps a port, for example "rediss://rates.example.org:6379"',
    }),
  ),
  S3_PUBLIC_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?/?$',
      description: 'Where clients reach S3, when that is not where the services reach it.',
      expected: 'http:// or https://, a host and perhaps a port, for example "http://127.0.0.1:9000"',
    }),
  ),
  PATH_PREFIX: Type.String({
    default: '',
    pattern: '^/?$|^(/[A-Za-z0-9._~-]+)+/?$',
    description:
      'What stands before /getpresignedurl, for clients that know it behind a stage such as /prod.',
    expected: 'a path such as "/prod", of letters, digits, "-", "_", "." and "~", or nothing',
  }),
  TRUSTED_PROXIES: Type.String({
    default: '',
    pattern: '^([0-9A-Za-z:./]+)?( *, *[0-9A-Za-z:./]+)*$',
    description:
      'The proxies whose X-Forwarded-For is believed. By default none: the address is the connection’s.',
    expected: TRUSTED_PROXIES_EXPECTED,
  }),
  CORS_ORIGINS: Type.String({
    default: '',
    description:
      'Web origins whose pages may call this service. By default none: an API key in a page is everybody’s who opens it.',
    expected: CORS_ORIGINS_EXPECTED,
  }),
  UPLOAD_NAME_PART: Type.String({
    default: 'UploadFilename',
    pattern: '^[^/$\\u0000-\\u001f\\u007f]+$',
    description: 'What every object key begins with, behind uploads/.',
    expected: NAME_PART_EXPECTED,
  }),
  FORM_LIFETIME_SECONDS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: LONGEST_FORM_SECONDS,
    description:
      'How long an upload can be begun with a form. Seven days is all that a signature of version 4 allows.',
    expected: FORM_LIFETIME_EXPECTED,
  }),
  FORM_LIFETIME_MAX_SECONDS: Type.Integer({
    default: 3_600,
    minimum: 1,
    maximum: LONGEST_FORM_SECONDS,
    description:
      'The longest lifetime that may be asked for with POST /v1/uploads; never less than FORM_LIFETIME_SECONDS. The bucket’s policy has to allow signatures of that age.',
    expected: FORM_LIFETIME_EXPECTED,
  }),
  FORM_MAX_BYTES: Type.Integer({
    default: 5_368_709_120,
    minimum: 1,
    maximum: 5_368_709_120,
    description: 'The largest file that a form takes. 5 GiB is the most that S3 takes in one form.',
    expected: 'a whole number of bytes from 1 to 5368709120 (5 GiB)',
  }),
  PRESIGNED_PUT: Type.Boolean({
    default: true,
    description:
      'Whether "method": "put" may be asked for. "false" where the bucket’s policy lets no presigned PUT in: S3 would refuse each.',
    expected: '"true" or "false"',
  }),
});

export type Config = Static<typeof configSchema>;

/** What the service makes of its variables. */
export interface Settings {
  /** Empty, or with a slash before and none behind. */
  readonly pathPrefix: string;
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly recordRetentionSeconds: number;
  readonly defaults: UploadDefaults;
}

export function settingsFrom(config: Config): Settings {
  return {
    pathPrefix: config.PATH_PREFIX.replace(/\/$/, ''),
    trustedProxies: entriesOf(config.TRUSTED_PROXIES),
    corsOrigins: entriesOf(config.CORS_ORIGINS),
    recordRetentionSeconds: config.RECORD_RETENTION_DAYS * SECONDS_PER_DAY,
    defaults: {
      namePart: config.UPLOAD_NAME_PART,
      maxBytes: config.FORM_MAX_BYTES,
      lifetimeSeconds: config.FORM_LIFETIME_SECONDS,
      presignedPut: config.PRESIGNED_PUT,
      lifetimeMaxSeconds: Math.max(config.FORM_LIFETIME_SECONDS, config.FORM_LIFETIME_MAX_SECONDS),
    },
  };
}

/** What only a closer look finds. */
export const configChecks: ConfigChecks<typeof configSchema> = {
  RATE_LIMIT_STORE_URL: checkUrl,
  S3_PUBLIC_ENDPOINT: checkUrl,
  TRUSTED_PROXIES: checkProxies,
  CORS_ORIGINS: checkOrigins,
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

/** A browser sends an origin in just one spelling: anything else would never match, and is better told at the start. */
function checkOrigins(list: string): ConfigFinding {
  const wrong = entriesOf(list).filter(
    (entry) => !/^https?:[^*]+$/.test(entry) || !URL.canParse(entry) || new URL(entry).origin !== entry,
  );
  if (wrong.length === 0) return undefined;
  return `expected ${CORS_ORIGINS_EXPECTED}, got ${wrong.map((entry) => JSON.stringify(entry)).join(', ')}`;
}

function entriesOf(list: string): string[] {
  return list.split(',').flatMap((entry) => entry.trim() || []);
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
