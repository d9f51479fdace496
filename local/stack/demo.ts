import { createHash } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { requestUpload, UploadRefused, uploadFile } from '@upload-once/client';
import { acceptedKeyOf, uploadIdOf } from '@upload-once/uploads';
import { openUploadStore, waitUntilProcessed, waitUntilReported } from './outcome.ts';
import { startStack } from './stack.ts';
import { textTable } from './text-table.ts';

/**
 * The whole of upload-once on this machine, once through: one upload, a second one with the same form, one that starts
 * too late, one with a changed object key. Exit code 0 only when each came out as promised.
 */
const repository = fileURLToPath(new URL('../..', import.meta.url));
const firstFile = join(repository, 'README.md');
const secondFile = join(repository, 'LICENSE');
const SHORT_LIFETIME_SECONDS = 2;

const folder = await mkdtemp(join(tmpdir(), 'upload-once-demo-'));
const acceptedFolder = join(folder, 'processed');
const rows: string[][] = [['sent', 'S3 responded', 'result']];
const say = (line: string) => process.stdout.write(`${line}\n`);

say('Starting a local S3, SQS and DynamoDB, and the three services …');
const stack = await startStack({
  logFolder: join(folder, 'logs'),
  settings: {
    processor: {
      PROCESSOR_HANDLER: join(repository, 'local/stack/save-to-folder.ts'),
      SAVE_TO_FOLDER: acceptedFolder,
    },
  },
  moreIssuers: { 'short-lived': { FORM_LIFETIME_SECONDS: String(SHORT_LIFETIME_SECONDS) } },
});
const endEarly = async () => {
  await stack.stop();
  process.exit(130);
};
process.once('SIGINT', endEarly).once('SIGTERM', endEarly);
void stack.failed.then(async (how) => {
  process.stderr.write(`${how}\n`);
  await stack.stop();
  process.exit(1);
});

try {
  const uploads = openUploadStore(stack);
  const { apiKey, issuerUrl, issuerUrls } = stack;
  const askForForm = (url = issuerUrl) => requestUpload({ issuerUrl: url, apiKey });
  say(`The url-issuer listens on ${stack.issuerUrl}\n`);

  say(`1. ${basename(firstFile)} is uploaded with a fresh form.`);
  const form = await askForForm();
  const first = await uploadFile({ form, file: firstFile });
  const upload = await waitUntilProcessed(uploads, form.key);
  const storedAt = upload.claimed?.storedAt.getTime() ?? 0;
  const leadTimeMs = (upload.processedAt?.getTime() ?? 0) - storedAt;
  const acceptedPath = join(acceptedFolder, uploadIdOf(form.key));
  await assertSameBytes(firstFile, acceptedPath);
  rows.push([basename(firstFile), String(first.status), `accepted, and processed after ${leadTimeMs} ms`]);

  say(`2. ${basename(secondFile)} is uploaded with the same form.`);
  const second = await uploadFile({ form, file: secondFile });
  const [duplicate] = await waitUntilReported(uploads, form.key, 1);
  await assertSameBytes(firstFile, acceptedPath);
  rows.push([
    `${basename(secondFile)}, same form`,
    String(second.status),
    `${duplicate?.kind}: kept apart and reported`,
  ]);

  say(`3. A form is used after its lifetime of ${SHORT_LIFETIME_SECONDS} seconds.`);
  const lateForm = await askForForm(issuerUrls['short-lived']);
  await delay(Math.max(0, lateForm.expiresAt.getTime() - Date.now()) + 500);
  rows.push(['an expired form', ...(await refusalOf(uploadFile({ form: lateForm, file: firstFile })))]);

  say('4. A form is used with an object key that it was not signed for.');
  const honest = await askForForm();
  const tampered = { ...honest, fields: { ...honest.fields, key: 'uploads/of-my-own-choice' } };
  rows.push(['a changed object key', ...(await refusalOf(uploadFile({ form: tampered, file: firstFile })))]);

  say(`\n${textTable(rows)}\n`);
  say(`The accepted file, in the local S3, which ends with the demo:`);
  say(`  s3://${stack.bucket}/${acceptedKeyOf(form.key)}`);
  say('The same bytes, as the processor’s handler saved them:');
  say(`  ${acceptedPath}`);
  say('The logs of the services:');
  say(`  ${join(folder, 'logs')}`);
} finally {
  await stack.stop();
}
say('\nEverything has stopped. `make dev` starts the same and keeps it running.');
process.exit(0);

/** S3's response, if S3 rejected the call as expected. */
async function refusalOf(attempt: Promise<unknown>): Promise<[string, string]> {
  try {
    await attempt;
  } catch (error) {
    // The message names the policy first, and repeats the whole condition in brackets.
    if (error instanceof UploadRefused) {
      return [
        `${error.status} ${error.s3Code}`,
        `refused: ${error.s3Message?.replace(/^.*Policy: /, '').replace(/: \[.*/, '')}`,
      ];
    }
    throw error;
  }
  throw new Error('S3 stored what it should have refused');
}

async function assertSameBytes(onePath: string, otherPath: string): Promise<void> {
  const [one, other] = await Promise.all(
    [onePath, otherPath].map(async (path) =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ),
  );
  if (one !== other)
    throw new Error(`${otherPath} is not what was sent: SHA-256 ${other} in the place of ${one}`);
}
