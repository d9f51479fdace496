import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from './stack.ts';

/**
 * Runs a command beside a stack of its own on this machine, told in environment variables where everything is, and ends with the
 * command's exit code: `node local/with-stack.ts COMMAND [ARGUMENT…]`.
 */
const NAME_PART = 'Zählerstand 1+1 100% & mehr';
/** Forms carry it, as they do where a task's role signs them. */
const SESSION_TOKEN = 'example/session+token=of-no-account';

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  process.stderr.write('usage: node local/with-stack.ts COMMAND [ARGUMENT…]\n');
  process.exit(2);
}
const stack = await startStack({
  logFolder: await mkdtemp(join(tmpdir(), 'upload-once-logs-')),
  keyRate: 1000,
  settings: {
    'local-aws': { LOCAL_AWS_VISIBILITY_SECONDS: '10', LOCAL_AWS_SESSION_TOKEN: SESSION_TOKEN },
    'url-issuer': { UPLOAD_NAME_PART: NAME_PART },
  },
  moreIssuers: { 'short-lived': { FORM_LIFETIME_SECONDS: '2', UPLOAD_NAME_PART: NAME_PART } },
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
    UPLOAD_ONCE_API_KEY: stack.apiKey,
    UPLOAD_NAME_PART: NAME_PART,
    BUCKET: stack.bucket,
    UPLOADS_TABLE: stack.tables.uploads,
    UPLOAD_QUEUE_URL: stack.queues.uploadEvents,
    UPLOAD_DEAD_LETTER_QUEUE_URL: stack.queues.uploadEventsDeadLetter,
    LOCAL_AWS_CONTROL_URL: stack.endpoints.control,
  },
});
process.once('SIGINT', () => child.kill('SIGINT')).once('SIGTERM', () => child.kill('SIGTERM'));
const [code] = await once(child, 'close');
await stack.stop();
process.exit(code ?? 1);
