import { readFile } from 'node:fs/promises';
import {
  awsFields,
  type ConfigChecks,
  ConfigError,
  type ConfigOf,
  checkOrigins,
  checkUrl,
  clientS3Fields,
  drainFields,
  entriesOf,
  healthFields,
  integer,
  logFields,
  ORIGINS_EXPECTED,
  optional,
  storageFields,
  text,
  tracingFields,
} from '@upload-once/runtime';
import { consumerChecks, consumerFields } from '@upload-once/worker';
import type { Endpoints } from './endpoints.ts';
import { readEndpoints } from './read-endpoints.ts';

/** Half a day: credentials of a task role end sooner, and the URL with them. */
const LONGEST_DOWNLOAD_SECONDS = 43_200;

export const configFields = {
  ...awsFields,
  ...storageFields,
  ...consumerFields,
  ...healthFields,
  ...clientS3Fields,
  WEBHOOKS: optional(
    text({
      description: 'Where webhooks are sent, and the secrets that sign them, as JSON: docs/webhooks.md.',
      expected: 'a JSON object with "default", "apiKeys" or both',
    }),
  ),
  WEBHOOKS_FILE: optional(
    text({
      description: 'The path of a file with the same JSON, instead of WEBHOOKS.',
      expected: 'the path of a file',
    }),
  ),
  WEBHOOK_ALLOWED_ORIGINS: text({
    default: '',
    description:
      'Origins, separated by commas, that webhooks can be sent to although they have a private address or use http. Everything else needs https and public addresses.',
    expected: ORIGINS_EXPECTED,
  }),
  WEBHOOK_DOWNLOAD_SECONDS: integer({
    default: 0,
    minimum: 0,
    maximum: LONGEST_DOWNLOAD_SECONDS,
    description:
      'How long the download URL in upload.processed works. It needs no credentials. 0 sends no URL. It expires no later than the service’s own credentials.',
    expected: `a whole number of seconds from 0 to ${LONGEST_DOWNLOAD_SECONDS} (12 hours)`,
  }),
  ...logFields,
  ...tracingFields,
  ...drainFields,
};

export const configChecks: ConfigChecks<typeof configFields> = {
  ...consumerChecks,
  S3_PUBLIC_ENDPOINT: checkUrl,
  WEBHOOK_ALLOWED_ORIGINS: checkOrigins,
};

type WebhooksConfig = Pick<
  ConfigOf<typeof configFields>,
  'WEBHOOKS' | 'WEBHOOKS_FILE' | 'WEBHOOK_ALLOWED_ORIGINS'
>;

/** @throws ConfigError naming each mistake, and no secret */
export async function endpointsFrom(config: WebhooksConfig): Promise<Endpoints> {
  const { WEBHOOKS: json, WEBHOOKS_FILE: path } = config;
  const variable = path === undefined ? 'WEBHOOKS' : 'WEBHOOKS_FILE';
  const violations = (...messages: string[]) =>
    new ConfigError(messages.map((message) => ({ variable, message })));
  if ((json === undefined) === (path === undefined))
    throw violations(
      `expected one of WEBHOOKS and WEBHOOKS_FILE, but ${json === undefined ? 'neither is' : 'both are'} set`,
    );
  const text = json ?? (await readText(path ?? ''));
  // What is set can be the JSON itself, with its secrets.
  if (text === undefined)
    throw violations('expected the path of a file that can be read; its value is not shown');
  const finding = readEndpoints(text, new Set(entriesOf(config.WEBHOOK_ALLOWED_ORIGINS)));
  if ('problems' in finding) throw violations(...finding.problems);
  return finding.endpoints;
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
