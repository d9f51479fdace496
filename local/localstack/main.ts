import { COMPOSE_FILE } from './compose.ts';
import { portsFrom } from './ports.ts';
import { projectFrom } from './project-name.ts';
import { dockerProblems, missingTools } from './required-tools.ts';
import { buildImages, type LocalStack, removeLocalStack, startLocalStack } from './start.ts';

/**
 * `make local`, `make local-down` and `make images`: upload-once in containers on LocalStack, on this machine. Ports and the name
 * of containers and network are chosen by LOCALSTACK_PORT, ISSUER_PORT, CONSOLE_PORT and COMPOSE_PROJECT_NAME.
 *
 *     node local/localstack/main.ts up | down | images
 */
const say = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`${line}\n`);
const { env } = process;

for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.once(signal, () => {
    complain('\nStopped in the middle. `make local` starts again, `make local-down` removes what is there.');
    process.exit(128 + number);
  });
}

const [what = ''] = process.argv.slice(2);
const actions: Readonly<Record<string, () => Promise<void>>> = { up, down, images };
const action = Object.hasOwn(actions, what) ? actions[what] : undefined;
if (!action) {
  complain('usage: node local/localstack/main.ts up | down | images');
  process.exit(2);
}
try {
  await action();
} catch (error) {
  complain(error instanceof Error && 'code' in error ? error.message : String((error as Error).stack));
  process.exit(1);
}

async function up(): Promise<void> {
  exitIfAny(await missingTools(env));
  const chosen = { project: projectFrom(env), ports: portsFrom(env) };
  say('Starting upload-once on LocalStack …');
  const localstack = await startLocalStack({
    ...chosen,
    forAcceptance: false,
    terraformVariables: {},
    keyRate: 100,
    env,
    say,
  });
  say(instructions(localstack));
}

async function down(): Promise<void> {
  exitIfAny(await dockerProblems(env));
  await removeLocalStack({ project: projectFrom(env), ports: portsFrom(env), env });
  say('Removed: containers, network and all that was uploaded. Images stay.');
}

async function images(): Promise<void> {
  exitIfAny(await dockerProblems(env));
  await buildImages({ project: projectFrom(env), ports: portsFrom(env), env });
  say(
    'Built: upload-once/url-issuer, upload-once/acceptor, upload-once/processor, upload-once/webhook-sender, upload-once/audit',
  );
}

function exitIfAny(problems: readonly string[]): void {
  if (problems.length === 0) return;
  for (const problem of problems) complain(problem);
  process.exit(1);
}

function instructions({ issuerUrl, apiKey, endpoint, bucket, awsEnv, consoleUrl }: LocalStack): string {
  const aws = Object.entries(awsEnv)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  return `
  url-issuer   ${issuerUrl}
  API key      ${apiKey}

Ask for a form:
  curl -s -H 'x-api-key: ${apiKey}' ${issuerUrl}/getpresignedurl

Upload a file:
  UPLOAD_ONCE_URL=${issuerUrl} UPLOAD_ONCE_API_KEY=${apiKey} npx upload-once upload README.md

See what became of it:
  docker compose -f ${COMPOSE_FILE} logs --no-log-prefix acceptor processor

Open the console in a browser, and watch uploads as they happen. Its buttons make some:
  ${consoleUrl}

LocalStack     ${endpoint}  (bucket ${bucket.name})
for the AWS CLI and SDKs
  export ${aws}

\`make local-down\` removes all of it.`;
}
