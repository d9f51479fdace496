import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveServiceLogs } from '../../local/localstack/compose.ts';
import { missingTools } from '../../local/localstack/required-tools.ts';
import { ACCESS_TABLE, removeLocalStack, startLocalStack } from '../../local/localstack/start.ts';
import { LockHeld } from '../../local/stack/lock.ts';
import { freePorts } from '../../local/stack/ports.ts';
import { reportSecrets } from '../../local/stack/secrets-in-logs.ts';
import { KNOWN_GAPS, knownGapsFrom } from './support/known-gaps.ts';

/**
 * Runs a command beside a stack of its own in containers on LocalStack. Environment variables give the command the addresses.
 * Exits with the command's exit code, or with 1 when a log of the services has a secret: `node test/acceptance/with-localstack.ts COMMAND [ARGUMENT…]`.
 */
const PROJECT = 'upload-once-test';
const NAME_PART = 'Zählerstand 1+1 100% & mehr';

/** It signs webhooks, and opens nothing else. */
const WEBHOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`;
/** The receiver of acceptance.yml, as containers reach it. */
const RECEIVER_OF_CONTAINERS = 'http://webhook-receiver:8080';

/** All that LocalStack 4.14 is known to do otherwise than AWS. */
const GAPS = knownGapsFrom(
  process.env.ACCEPTANCE_KNOWN_GAPS ??
    'call-signature,form-signature,form-undeclared-field,form-expiry-at-start,put-signature,bucket-policy,role-policies,unsigned-calls,no-installation,nothing-happens,no-restore',
);

/** LocalStack gives out any. */
const ANY_ROLE = 'arn:aws:iam::000000000000:role/';

/** LocalStack holds a form in memory some fourteen times over: for 2 GiB it takes more than 24 GiB. */
const BIG_FILE_BYTES = 256 * 1024 ** 2;

const say = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`${line}\n`);

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  complain('usage: node test/acceptance/with-localstack.ts COMMAND [ARGUMENT…]');
  process.exit(2);
}
const problems = await missingTools(process.env);
if (problems.length > 0) {
  for (const problem of problems) complain(problem);
  process.exit(1);
}

const [localstackPort, issuerPort, consolePort, shortLivedPort, receiverPort] = await freePorts(5);
const env = {
  ...process.env,
  COMPOSE_PROJECT_NAME: PROJECT,
  LOCALSTACK_PORT: String(localstackPort),
  ISSUER_PORT: String(issuerPort),
  CONSOLE_PORT: String(consolePort),
  SHORT_LIVED_ISSUER_PORT: String(shortLivedPort),
  WEBHOOK_RECEIVER_PORT: String(receiverPort),
  UPLOAD_NAME_PART: NAME_PART,
  WEBHOOKS: JSON.stringify({ default: { url: RECEIVER_OF_CONTAINERS, secrets: [WEBHOOK_SECRET] } }),
  WEBHOOK_ALLOWED_ORIGINS: RECEIVER_OF_CONTAINERS,
  WEBHOOK_DOWNLOAD_SECONDS: '600',
};
const shortLivedUrl = `http://127.0.0.1:${shortLivedPort}`;
let exitCode = 1;
let isOurs = true;
try {
  const localstack = await startLocalStack({
    forAcceptance: true,
    keyRate: 1000,
    // Whatever a log can say is said, and looked through for secrets at the end.
    env: { ...env, LOG_LEVEL: 'trace', TF_VAR_visibility_seconds: '10', TF_VAR_max_receive_count: '5' },
    say,
  });
  say('Known of LocalStack, and allowed for by name:');
  for (const gap of GAPS) say(`  ${gap}: ${KNOWN_GAPS[gap]}`);
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: {
      ...env,
      ...localstack.connection,
      UPLOAD_ONCE_SHORT_LIVED_URL: shortLivedUrl,
      UPLOAD_ONCE_SHARDED_URL: shortLivedUrl,
      WEBHOOK_RECEIVER_URL: `http://127.0.0.1:${receiverPort}`,
      WEBHOOK_SECRET,
      UPLOAD_ONCE_ACCESS_TABLE: ACCESS_TABLE,
      UPLOAD_QUEUE_URL: `${localstack.queues}-upload-events`,
      UPLOAD_DEAD_LETTER_QUEUE_URL: `${localstack.queues}-upload-events-dead-letter`,
      PROBE_ROLES: JSON.stringify({ acceptor: `${ANY_ROLE}acceptor`, restore: `${ANY_ROLE}restore` }),
      TASK_ROLE: `${ANY_ROLE}task`,
      BIG_FILE_BYTES: process.env.BIG_FILE_BYTES ?? String(BIG_FILE_BYTES),
      ACCEPTANCE_KNOWN_GAPS: [...GAPS].join(','),
    },
  });
  process.once('SIGINT', () => child.kill('SIGINT')).once('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'close');
  const logFolder = await mkdtemp(join(tmpdir(), `${PROJECT}-logs-`));
  await saveServiceLogs(localstack.compose, logFolder);
  const secrets = {
    'the API key': localstack.connection.UPLOAD_ONCE_API_KEY,
    'the secret of webhooks': WEBHOOK_SECRET,
  };
  const hasSecrets = await reportSecrets(logFolder, secrets, complain);
  exitCode = (code ?? 1) || (hasSecrets ? 1 : 0);
  if (exitCode === 0) await rm(logFolder, { recursive: true });
  else {
    await writeFile(join(logFolder, 'all.log'), await localstack.compose.run('logs', '--no-color'));
    complain(`the containers’ logs: ${logFolder}`);
  }
} catch (error) {
  complain((error as Error).message);
  exitCode ||= 1;
  isOurs = !(error instanceof LockHeld);
} finally {
  if (isOurs) await removeLocalStack(env);
}
process.exit(exitCode);
