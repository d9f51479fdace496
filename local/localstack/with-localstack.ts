import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KNOWN_GAPS, knownGapsFrom } from '../../test/acceptance/support/known-gaps.ts';
import { LockHeld } from '../stack/lock.ts';
import { tellSecrets } from '../stack/secrets-in-logs.ts';
import { freePorts } from './ports.ts';
import { missingTools } from './required-tools.ts';
import { saveServiceLogs } from './save-logs.ts';
import { queueUrl, removeLocalStack, startLocalStack } from './start.ts';

/**
 * Runs a command beside a stack of its own in containers on LocalStack. Environment variables give the command the addresses.
 * Exits with the command's exit code, or with 1 when a log of the services has a secret: `node local/localstack/with-localstack.ts COMMAND [ARGUMENT…]`.
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
    'call-signature,form-signature,form-undeclared-field,form-expiry-at-start,put-signature,bucket-policy,role-policies,unsigned-calls',
);

const ANY_ROLE = 'arn:aws:iam::000000000000:role/';

/** LocalStack holds a form in memory some fourteen times over: for 2 GiB it takes more than 24 GiB. */
const BIG_FILE_BYTES = 256 * 1024 ** 2;

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  process.stderr.write('usage: node local/localstack/with-localstack.ts COMMAND [ARGUMENT…]\n');
  process.exit(2);
}
const problems = await missingTools(process.env);
if (problems.length > 0) {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exit(1);
}

const ports = await freePorts();
const env = {
  ...process.env,
  UPLOAD_NAME_PART: NAME_PART,
  WEBHOOKS: JSON.stringify({ default: { url: RECEIVER_OF_CONTAINERS, secrets: [WEBHOOK_SECRET] } }),
  WEBHOOK_ALLOWED_ORIGINS: RECEIVER_OF_CONTAINERS,
  WEBHOOK_DOWNLOAD_SECONDS: '600',
};
let exitCode = 1;
let isOurs = true;
try {
  const localstack = await startLocalStack({
    project: PROJECT,
    ports,
    forAcceptance: true,
    terraformVariables: { visibility_seconds: '10', max_receive_count: '5' },
    keyRate: 1000,
    // Whatever a log can say is said, and looked through for secrets at the end.
    env: { ...env, LOG_LEVEL: 'trace' },
    say: (line) => process.stdout.write(`${line}\n`),
  });
  process.stdout.write('Known of LocalStack, and allowed for by name:\n');
  for (const gap of GAPS) process.stdout.write(`  ${gap}: ${KNOWN_GAPS[gap]}\n`);
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: {
      ...env,
      ...localstack.awsEnv,
      S3_FORCE_PATH_STYLE: 'true',
      UPLOAD_ONCE_URL: localstack.issuerUrl,
      UPLOAD_ONCE_SHORT_LIVED_URL: localstack.shortLivedIssuerUrl,
      UPLOAD_ONCE_SHARDED_URL: localstack.shortLivedIssuerUrl,
      UPLOAD_ONCE_API_KEY: localstack.apiKey,
      WEBHOOK_RECEIVER_URL: localstack.webhookReceiverUrl,
      WEBHOOK_SECRET,
      BUCKET: localstack.bucket.name,
      UPLOADS_TABLE: localstack.tables.uploads.name,
      UPLOAD_ONCE_ACCESS_TABLE: localstack.tables.access.name,
      UPLOAD_QUEUE_URL: queueUrl(localstack, 'upload_events'),
      UPLOAD_DEAD_LETTER_QUEUE_URL: queueUrl(localstack, 'upload_events_dead_letter'),
      // LocalStack gives out any role.
      PROBE_ROLES: JSON.stringify({ acceptor: `${ANY_ROLE}acceptor` }),
      TASK_ROLE: `${ANY_ROLE}task`,
      BIG_FILE_BYTES: process.env.BIG_FILE_BYTES ?? String(BIG_FILE_BYTES),
      ACCEPTANCE_KNOWN_GAPS: [...GAPS].join(','),
    },
  });
  process.once('SIGINT', () => child.kill('SIGINT')).once('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'close');
  exitCode = code ?? 1;
  if (exitCode !== 0) {
    const logFile = join(tmpdir(), `${PROJECT}.log`);
    await writeFile(logFile, await localstack.compose.logs());
    process.stderr.write(`the containers’ logs: ${logFile}\n`);
  }
  const logFolder = await mkdtemp(join(tmpdir(), `${PROJECT}-logs-`));
  await saveServiceLogs(localstack.compose, logFolder);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  if (
    await tellSecrets(
      logFolder,
      { 'the API key': localstack.apiKey, 'the secret of webhooks': WEBHOOK_SECRET },
      say,
    )
  )
    exitCode ||= 1;
  else await rm(logFolder, { recursive: true });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  exitCode ||= 1;
  isOurs = !(error instanceof LockHeld);
} finally {
  if (isOurs) await removeLocalStack({ project: PROJECT, ports, env });
}
process.exit(exitCode);
