import { isIP } from 'node:net';
import {
  awsFields,
  ConfigError,
  type ConfigProblem,
  drainFields,
  healthFields,
  logFields,
  storageFields,
  tableNameRule,
} from '@upload-once/runtime';
import { assertNamePart, NAME_PART_MAX_BYTES } from '@upload-once/uploads';
import { type Static, Type } from 'typebox';

const SECONDS_PER_DAY = 86_400;

const TRUSTED_PROXIES_EXPECTED =
  'addresses or networks such as "10.0.0.0/16", or "loopback", "linklocal", "uniquelocal", with commas between them';

/** A `$` begins a variable such as ${filename} in a form's policy: S3 would put something else in its place. */
const NAME_PART_EXPECTED = `1 to ${NAME_PART_MAX_BYTES} bytes of UTF-8 without "/", "$" and control characters`;

/** The url-issuer's variables. Credentials and `AWS_ENDPOINT_URL_*` are the SDK's own and read by it. */
export const configSchema = Type.Object({
  ...awsFields,
  ...logFields,
  ...drainFields,
  ...healthFields,
  ...storageFields,
  ACCESS_TABLE: Type.String({ ...tableNameRule, description: 'The table that holds the API keys.' }),
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
  UPLOAD_NAME_PART: Type.String({
    default: 'UploadFilename',
    pattern: '^[^/$\\u0000-\\u001f\\u007f]+$',
    description: 'What every object key begins with, behind uploads/.',
    expected: NAME_PART_EXPECTED,
  }),
  FORM_LIFETIME_SECONDS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 604_800,
    description:
      'How long an upload can be begun with a form. Seven days is all that a signature of version 4 allows.',
    expected: 'a whole number of seconds from 1 to 604800 (7 days)',
  }),
  FORM_MAX_BYTES: Type.Integer({
    default: 5_368_709_120,
    minimum: 1,
    maximum: 5_368_709_120,
    description: 'The largest file that a form takes. 5 GiB is the most that S3 takes in one form.',
    expected: 'a whole number of bytes from 1 to 5368709120 (5 GiB)',
  }),
});

export type Config = Static<typeof configSchema>;

/** What the service makes of its variables. */
export interface Settings {
  /** Empty, or with a slash before and none behind. */
  readonly pathPrefix: string;
  readonly trustedProxies: readonly string[];
  readonly tombstoneSeconds: number;
}

/** Works out what a schema cannot say. @throws ConfigError with every fault that only a closer look shows */
export function settingsFrom(config: Config): Settings {
  const trustedProxies = config.TRUSTED_PROXIES.split(',').flatMap((entry) => entry.trim() || []);
  const problems = [
    ...problemsOfNamePart(config.UPLOAD_NAME_PART),
    ...problemsOfEndpoint(config.S3_PUBLIC_ENDPOINT),
    ...problemsOfProxies(trustedProxies),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    pathPrefix: config.PATH_PREFIX.replace(/\/$/, ''),
    trustedProxies,
    tombstoneSeconds: config.TOMBSTONE_DAYS * SECONDS_PER_DAY,
  };
}

function problemsOfNamePart(namePart: string): ConfigProblem[] {
  try {
    assertNamePart(namePart);
    return [];
  } catch (error) {
    return [
      {
        variable: 'UPLOAD_NAME_PART',
        message: `expected ${NAME_PART_EXPECTED}: ${(error as Error).message}`,
      },
    ];
  }
}

function problemsOfEndpoint(endpoint: string | undefined): ConfigProblem[] {
  if (endpoint === undefined || URL.canParse(endpoint)) return [];
  const message = `expected a URL that leads somewhere, got ${JSON.stringify(endpoint)}`;
  return [{ variable: 'S3_PUBLIC_ENDPOINT', message }];
}

function problemsOfProxies(entries: readonly string[]): ConfigProblem[] {
  const wrong = entries.filter((entry) => !isProxyEntry(entry));
  if (wrong.length === 0) return [];
  const got = wrong.map((entry) => JSON.stringify(entry)).join(', ');
  return [{ variable: 'TRUSTED_PROXIES', message: `expected ${TRUSTED_PROXIES_EXPECTED}, got ${got}` }];
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
