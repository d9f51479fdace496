import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdLock, lockOf } from './lock.ts';
import { startStack } from './stack.ts';

/** The whole of upload-once on this machine, until Ctrl-C. What was uploaded is kept in .local/dev and found again. */
const repository = fileURLToPath(new URL('..', import.meta.url));
const folder = join(repository, '.local/dev');
const savedFolder = join(folder, 'processed');
const say = (line: string) => process.stdout.write(`${line}\n`);

const asked = new Promise<number>((resolve) => {
  process.once('SIGINT', () => resolve(0)).once('SIGTERM', () => resolve(0));
});
await using _lock = await holdLock(lockOf(folder)).catch(endWith);
const ownHandler = process.env.PROCESSOR_HANDLER;

say('Starting S3, SQS and DynamoDB of this machine, and the three services …');
const stack = await startStack({
  logFolder: join(folder, 'logs'),
  dataFolder: join(folder, 'data'),
  settings: {
    processor: {
      PROCESSOR_HANDLER: ownHandler || join(repository, 'local/save-to-folder.ts'),
      SAVE_TO_FOLDER: savedFolder,
    },
  },
}).catch(endWith);

say(`
  url-issuer   ${stack.issuerUrl}
  API key      ${stack.apiKey}

Ask for a form:
  curl -s -H 'x-api-key: ${stack.apiKey}' ${stack.issuerUrl}/getpresignedurl

Upload a file:
  UPLOAD_ONCE_URL=${stack.issuerUrl} UPLOAD_ONCE_API_KEY=${stack.apiKey} npx upload-once upload README.md

S3             ${stack.endpoints.s3}  (bucket ${stack.bucket})
SQS            ${stack.endpoints.sqs}
DynamoDB       ${stack.endpoints.dynamodb}
${ownHandler ? `handler        ${ownHandler}` : `accepted files ${savedFolder}`}
logs           ${join(folder, 'logs')}

Ctrl-C stops everything.`);

const events: Record<string, string> = {
  'upload accepted': 'accepted ',
  'a form was used again: kept apart': 'duplicate',
  'an object that no form was issued for: kept apart': 'stray    ',
  saved: 'processed',
  'message failed, and comes back': 'failed   ',
  'message is left to the dead-letter queue': 'gave up  ',
};
for (const service of stack.processes) {
  service.onLine((line) => {
    const entry = line.startsWith('{')
      ? (JSON.parse(line) as { msg?: string; key?: string; path?: string })
      : {};
    const what = entry.msg === undefined ? undefined : events[entry.msg];
    if (what) say(`${new Date().toISOString()}  ${what}  ${entry.key ?? entry.path ?? ''}`);
  });
}

const failed = stack.failed.then((how) => {
  process.stderr.write(`${how}\n`);
  return 1;
});
const exitCode = await Promise.race([asked, failed]);
say('\nStopping …');
await stack.stop();
process.exit(exitCode);

/** What goes wrong is for the person at the terminal: the message, without a stack. */
function endWith(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  return process.exit(1);
}
