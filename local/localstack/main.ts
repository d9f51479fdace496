import { COMPOSE_FILE, OUR_SERVICES } from './compose.ts';
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
  say(instructions(await startLocalStack({ env, forAcceptance: false, keyRate: 100, say })));
}

async function down(): Promise<void> {
  exitIfAny(await dockerProblems(env));
  await removeLocalStack(env);
  say('Removed: containers, network and all that was uploaded. Images stay.');
}

async function images(): Promise<void> {
  exitIfAny(await dockerProblems(env));
  await buildImages(env);
  say(`Built: ${[...OUR_SERVICES, 'audit'].map((service) => `upload-once/${service}`).join(', ')}`);
}

function exitIfAny(problems: readonly string[]): void {
  for (const problem of problems) complain(problem);
  if (problems.length > 0) process.exit(1);
}

function instructions({ connection, awsEnv, consoleUrl }: LocalStack): string {
  const { UPLOAD_ONCE_URL: issuerUrl, UPLOAD_ONCE_API_KEY: apiKey } = connection;
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

LocalStack     ${awsEnv.AWS_ENDPOINT_URL}  (bucket ${connection.BUCKET})
for the AWS CLI and SDKs
  export ${aws}

\`make local-down\` removes all of it.`;
}
