import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLink } from '@upload-once/client';
import type { ManagedProcess } from '../child-process.ts';
import { holdLock, lockOf } from '../lock.ts';
import { type Stack, startStack } from '../stack.ts';
import { startOwnConsole } from '../start-console.ts';
import { startTraceReceiver } from '../trace-receiver.ts';
import { callersEnv, devPorts, hasWebhooks } from './dev-settings.ts';
import { apiKeyIn, writeEnvFile } from './env-file.ts';
import { shownLine } from './shown-line.ts';

/**
 * `make dev`: runs all of upload-once on this machine until Ctrl-C. The next start has the same objects and tables (in .local/dev or
 * DEV_FOLDER), the same ports (from DEV_PORT on) and the same API key. The caller's environment is passed to the services, see
 * `callersEnv`.
 */
const repository = fileURLToPath(new URL('../../..', import.meta.url));
const folder = resolve(process.env.DEV_FOLDER || join(repository, '.local/dev'));
const envFile = join(folder, 'env');
const savedFolder = join(folder, 'processed');
const DEFAULT_RECORD_RETENTION_DAYS = '113';
const say = (line: string) => process.stdout.write(`${line}\n`);

const asked = new Promise<number>((end) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end(0));
});
await using _lock = await holdLock(lockOf(folder)).catch(endWith);
const ports = await devPorts(process.env).catch(endWith);
const { stack, env } = await start().catch(endWith);
for (const service of stack.processes) show(service);
const page = await startOwnConsole({ env, port: ports.console, logFolder: join(folder, 'logs') }).catch(
  endAll,
);
say(instructions(stack, await firstLink(stack), page.url));
let isStopping = false;
void page.process.ended.then((how) => isStopping || say(how));

const failed = stack.failed.then((how) => {
  process.stderr.write(`${how}\n`);
  return 1;
});
const exitCode = await Promise.race([asked, failed]);
isStopping = true;
say('\nStopping …');
await page.process.stop();
await stack.stop();
process.exit(exitCode);

async function start(): Promise<{ readonly stack: Stack; readonly env: Readonly<Record<string, string>> }> {
  const { passed, left } = callersEnv(process.env);
  const recordRetentionDays = passed.RECORD_RETENTION_DAYS || DEFAULT_RECORD_RETENTION_DAYS;
  const linkOrigin = passed.LINK_ORIGIN || `http://127.0.0.1:${ports['url-issuer']}`;
  say('Starting a local S3, SQS and DynamoDB, and the services …');
  if (left.length > 0)
    say(`Not taken from your environment, because make dev sets them itself: ${left.join(', ')}`);
  // An endpoint of the caller's own gets the spans in its place.
  const traces = await startTraceReceiver({ port: ports.traces });
  const started = await startStack({
    logFolder: join(folder, 'logs'),
    dataFolder: join(folder, 'data'),
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
      // As on AWS: the page of a link sends its file to the bucket.
      LOCAL_AWS_CORS_ORIGINS: [passed.CORS_ORIGINS, linkOrigin].filter(Boolean).join(','),
      ...passed,
      PROCESSOR_HANDLER: passed.PROCESSOR_HANDLER || join(repository, 'local/stack/save-to-folder.ts'),
      SAVE_TO_FOLDER: savedFolder,
      RECORD_RETENTION_DAYS: recordRetentionDays,
    },
    ownGroup: true,
    apiKey: await apiKeyIn(envFile),
    settings: {
      'local-aws': {
        LOCAL_AWS_S3_PORT: String(ports.S3),
        LOCAL_AWS_SQS_PORT: String(ports.SQS),
        LOCAL_AWS_DYNAMODB_PORT: String(ports.DynamoDB),
        LOCAL_AWS_CONTROL_PORT: String(ports['control API']),
      },
      'url-issuer': { PORT: String(ports['url-issuer']), LINK_ORIGIN: linkOrigin },
      acceptor: { PORT: String(ports.acceptor) },
      processor: { PORT: String(ports.processor) },
      ...(hasWebhooks(passed) && { 'webhook-sender': { PORT: String(ports['webhook-sender']) } }),
    },
  });
  const env = {
    UPLOAD_ONCE_URL: started.issuerUrl,
    UPLOAD_ONCE_API_KEY: started.apiKey,
    ...started.awsEnv,
    S3_FORCE_PATH_STYLE: 'true',
    BUCKET: started.bucket,
    UPLOADS_TABLE: started.tables.uploads,
    UPLOAD_ONCE_ACCESS_TABLE: started.tables.access,
    UPLOAD_EVENTS_QUEUE_URL: started.queues.uploadEvents,
    ACCEPTED_EVENTS_QUEUE_URL: started.queues.acceptedEvents,
    ...(hasWebhooks(passed) && { WEBHOOK_QUEUE_URL: started.queues.webhooks }),
    UPLOAD_REPORTS_QUEUE_URL: started.queues.uploadReports,
    RECORD_RETENTION_DAYS: recordRetentionDays,
    ...(!passed.OTEL_EXPORTER_OTLP_ENDPOINT && { UPLOAD_ONCE_TRACES_URL: traces.url }),
    UPLOAD_ONCE_LOG_FOLDER: join(folder, 'logs'),
  };
  await writeEnvFile(envFile, env);
  return { stack: started, env };
}

function show(service: ManagedProcess): void {
  service.onLine((line) => {
    const text = shownLine(line);
    if (text !== undefined) say(text);
  });
  service.onErrorLine(say);
}

/** To be opened at once: each start makes one. */
async function firstLink({ issuerUrl, apiKey }: Stack): Promise<string> {
  const texts = {
    title: 'Any file, to try this',
    from: 'upload-once',
    message: 'This page is on your own machine. What happens to the file is shown in the terminal.',
  };
  return (await createLink({ issuerUrl, apiKey, name: 'by-link', ...texts })).url;
}

function instructions(
  { issuerUrl, apiKey, endpoints, bucket }: Stack,
  link: string,
  consoleUrl: string,
): string {
  const handler = process.env.PROCESSOR_HANDLER;
  const near = (path: string) => relative(process.cwd(), path) || '.';
  return `
  url-issuer   ${issuerUrl}
  API key      ${apiKey}
  S3           ${endpoints.s3}, bucket ${bucket}
  SQS          ${endpoints.sqs}
  DynamoDB     ${endpoints.dynamodb}
  handler      ${handler || `local/stack/save-to-folder.ts, which saves each file in ${near(savedFolder)}`}
  data         ${near(join(folder, 'data'))}, kept for the next start; remove it to begin anew
  logs         ${near(join(folder, 'logs'))}

Open the console in a browser, and watch uploads as they happen. Its buttons make some:
  ${consoleUrl}

Open this link, and send a file. What happens to it is shown there, and below:
  ${link}

In another terminal, load these settings first:
  . ${near(envFile)}

Then upload a file, or make another link:
  npx upload-once upload README.md
  npx upload-once link create --title "Your invoice"

Or ask for a form, list the API keys, look into the dead-letter queues, find uploads that are stuck:
  curl -s -H "x-api-key: $UPLOAD_ONCE_API_KEY" "$UPLOAD_ONCE_URL/getpresignedurl"
  npx upload-once keys list
  npx upload-once redrive
  npx upload-once audit

Ctrl-C stops everything.
`;
}

/** The console could not be started. */
async function endAll(error: unknown): Promise<never> {
  await stack.stop();
  return endWith(error);
}

/** Shows an error's message without its stack, and exits. */
function endWith(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  return process.exit(1);
}
