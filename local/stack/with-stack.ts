import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from './child-process.ts';
import { reportSecrets } from './secrets-in-logs.ts';
import { startStack } from './stack.ts';

/**
 * Runs a command beside a stack of its own on this machine. Environment variables give the command the addresses. Exits with the
 * command's exit code, or with 1 when a log has a secret: `node local/stack/with-stack.ts COMMAND [ARGUMENT…]`.
 */
const NAME_PART = 'Zählerstand 1+1 100% & mehr';
/** Forms carry it, as they do where a task's role signs them. */
const SESSION_TOKEN = 'example/session+token=of-no-account';

/** It signs webhooks, and opens nothing else. */
const WEBHOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`;

/** Whatever a log can say is said, and looked through for secrets at the end. */
const LOG_LEVEL = 'trace';

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  process.stderr.write('usage: node local/stack/with-stack.ts COMMAND [ARGUMENT…]\n');
  process.exit(2);
}
const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-logs-'));
const receiver = startProcess({
  name: 'webhook-receiver',
  program: fileURLToPath(new URL('webhook-receiver.ts', import.meta.url)),
  env: {},
  logFile: join(logFolder, 'webhook-receiver.log'),
});
const receiverUrl = await receiver.lineThat((line) => `http://127.0.0.1:${JSON.parse(line).port}`);
const stack = await startStack({
  logFolder,
  keyRate: 1000,
  settings: {
    'local-aws': { LOCAL_AWS_VISIBILITY_SECONDS: '10', LOCAL_AWS_SESSION_TOKEN: SESSION_TOKEN },
    acceptor: { LOG_LEVEL },
    processor: {
      LOG_LEVEL,
      PROCESSOR_HANDLER: fileURLToPath(new URL('failing-handler.mjs', import.meta.url)),
    },
    'webhook-sender': {
      LOG_LEVEL,
      WEBHOOKS: JSON.stringify({ default: { url: receiverUrl, secrets: [WEBHOOK_SECRET] } }),
      WEBHOOK_ALLOWED_ORIGINS: receiverUrl,
      WEBHOOK_DOWNLOAD_SECONDS: '600',
    },
    'url-issuer': {
      LOG_LEVEL,
      UPLOAD_NAME_PART: NAME_PART,
      BAD_KEYS_PER_MINUTE: '0',
      LINK_ORIGIN: 'http://127.0.0.1',
    },
  },
  moreIssuers: {
    'short-lived': {
      LOG_LEVEL,
      FORM_LIFETIME_SECONDS: '2',
      UPLOAD_NAME_PART: NAME_PART,
      SHARDED_KEYS: 'true',
    },
  },
});
void stack.failed.then((how) => process.stderr.write(`${how}\n`));

const child = spawn(command, args, {
  stdio: 'inherit',
  env: {
    ...process.env,
    ...stack.awsEnv,
    S3_FORCE_PATH_STYLE: 'true',
    UPLOAD_ONCE_URL: stack.issuerUrl,
    UPLOAD_ONCE_SHORT_LIVED_URL: stack.issuerUrls['short-lived'],
    UPLOAD_ONCE_SHARDED_URL: stack.issuerUrls['short-lived'],
    UPLOAD_ONCE_API_KEY: stack.apiKey,
    UPLOAD_NAME_PART: NAME_PART,
    BUCKET: stack.bucket,
    UPLOADS_TABLE: stack.tables.uploads,
    UPLOAD_ONCE_ACCESS_TABLE: stack.tables.access,
    UPLOAD_QUEUE_URL: stack.queues.uploadEvents,
    UPLOAD_DEAD_LETTER_QUEUE_URL: stack.queues.uploadEventsDeadLetter,
    WEBHOOK_RECEIVER_URL: receiverUrl,
    WEBHOOK_SECRET,
    LOCAL_AWS_CONTROL_URL: stack.endpoints.control,
  },
});
process.once('SIGINT', () => child.kill('SIGINT')).once('SIGTERM', () => child.kill('SIGTERM'));
const [code] = await once(child, 'close');
await stack.stop();
await receiver.stop();
const hasSecrets = await reportSecrets(
  logFolder,
  {
    'the API key': stack.apiKey,
    'the secret access key': stack.credentials.secretAccessKey,
    'the session token': SESSION_TOKEN,
    'the secret of webhooks': WEBHOOK_SECRET,
  },
  (line) => process.stderr.write(`${line}\n`),
);
process.exit((code ?? 1) || (hasSecrets ? 1 : 0));
