// `make dev` as a process of its own, with all that it starts.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createUpload, uploadFile } from '@upload-once/client';
import { Webhook } from 'standardwebhooks';
import t from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { startWebhookReceiver } from '../../../test/support/webhook-receiver.ts';
import { freeDevPort, listening, nothingListens, startDev } from './support/dev-process.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const READY = /^Ctrl-C stops everything/;

/** Runs a line in a shell that has sourced the file, and whose own AWS settings lead elsewhere. */
async function inShell(envFile: string, line: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `. "${envFile}" && ${line}`], {
    cwd: repository,
    env: { PATH: process.env.PATH, AWS_PROFILE: 'elsewhere', AWS_SESSION_TOKEN: 'old' },
  });
  return stdout;
}

t.test(
  'a handler’s course is shown, the caller’s environment reaches it, and operators’ commands work',
  async (t) => {
    const folder = t.testdir();
    const port = await freeDevPort();
    const dev = startDev(t, {
      DEV_FOLDER: folder,
      DEV_PORT: String(port),
      PROCESSOR_HANDLER: fileURLToPath(new URL('fixtures/talkative-handler.mjs', import.meta.url)),
      MY_DB_URL: 'postgres://mine',
      FORM_LIFETIME_SECONDS: '77',
      FORM_LIFETIME_MAX_SECONDS: '77',
      CORS_ORIGINS: 'https://www.example.com',
      LOG_LEVEL: 'error',
      BUCKET: 'of-mine',
      AWS_PROFILE: 'of-mine',
    });
    await dev.shown(READY);
    t.match(await dev.shown(/^Not taken from your environment/), /AWS_PROFILE, .*BUCKET, LOG_LEVEL/);

    const envFile = join(folder, 'env');
    t.equal((await stat(envFile)).mode & 0o777, 0o600);
    const [issuerUrl = '', apiKey = '', bucket = ''] = (
      await inShell(envFile, 'printf "%s " "$UPLOAD_ONCE_URL" "$UPLOAD_ONCE_API_KEY" "$BUCKET"')
    ).split(' ');
    t.strictSame([issuerUrl, bucket], [`http://127.0.0.1:${port}`, 'upload-once']);
    t.match(await inShell(envFile, 'npx upload-once keys list'), / local /);

    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { 'x-api-key': apiKey, traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    t.equal((await fetch(`${issuerUrl}/getpresignedurl`, { headers })).status, 200);
    const tracesUrl = (await inShell(envFile, 'echo $UPLOAD_ONCE_TRACES_URL')).trim();
    const keptTrace = async () => {
      const response = await fetch(`${tracesUrl}/traces/${traceId}`);
      return response.ok ? response.text() : undefined;
    };
    const trace = await eventually(keptTrace, (kept) => kept !== undefined);
    t.match(trace ?? '', /"name":"issue"/, 'its trace is kept');

    const link = new URL((await dev.shown(/^ {2}http:\S+\/u#/)).trim());
    t.equal((await fetch(link)).status, 200);
    const view = await fetch(`${issuerUrl}/u/view`, {
      method: 'POST',
      headers: { authorization: `Bearer ${link.hash.slice(1)}` },
    });
    t.match(await view.json(), { state: 'open', title: 'Any file, to try this' });

    const tooLong = { issuerUrl, apiKey, expiresInSeconds: 78 };
    await t.rejects(createUpload(tooLong), { message: /77/ });
    const { id, form } = await createUpload({ issuerUrl, apiKey, name: 'Vertrag' });
    const origins = { origin: 'https://www.example.com', 'access-control-request-method': 'POST' };
    for (const url of [form.url, `${issuerUrl}/v1/uploads`]) {
      const preflight = await fetch(url, { method: 'OPTIONS', headers: origins });
      t.equal(preflight.headers.get('access-control-allow-origin'), origins.origin, url);
    }
    for (const content of ['first', 'second']) {
      await uploadFile({ form, file: { blob: new Blob([content]), name: 'file.txt' } });
    }
    const ofUpload = (what: string) => dev.shown(new RegExp(`  ${what} +${id}`));
    await ofUpload('processed');
    await ofUpload('accepted');
    await ofUpload('duplicate');
    t.match(await ofUpload('handler'), /looks at it {2}{"text":"before\?behind","fields":{"attempt":7}}$/);
    t.match(await ofUpload('failed'), /attempt 1, again in \d+ s$/);
    await dev.shown(/^ {4}Error: the database does not respond$/);
    await dev.shown(/^ {8}at .*talkative-handler\.mjs:9/);
    await dev.shown(/^{"plain output of postgres:\/\/mine$/);
    await dev.shown(/^{"hello":1}$/);
    await dev.shown(/^an error line$/);
    await dev.shown(/^{"level":"info",.*"service":"processor","msg":"mine"}$/);

    t.match(await inShell(envFile, 'npx upload-once audit'), '');
    t.match(
      await inShell(envFile, 'npx upload-once redrive'),
      /accepted-events-dead-letter has about 0 messages/,
    );
    dev.child.kill('SIGTERM');
    t.equal(await dev.ended, 0);
    t.notMatch(dev.output(), /"service":"(?!processor","msg":"mine")/, 'no line of a service as it is');
    t.strictSame(await listening(port), []);
  },
);

t.test(
  'what it started ends with it when it is killed; the next start has the same ports, key and data',
  async (t) => {
    const env = { DEV_FOLDER: t.testdir(), DEV_PORT: String(await freeDevPort()), PATH_PREFIX: '/prod/' };
    const first = startDev(t, env);
    await first.shown(READY);
    t.equal((await listening(Number(env.DEV_PORT))).length, 9);
    const envFile = join(env.DEV_FOLDER, 'env');
    const facts = () => inShell(envFile, 'echo $UPLOAD_ONCE_URL $UPLOAD_ONCE_API_KEY');
    const before = await facts();
    const [issuerUrl = '', apiKey = ''] = before.trim().split(' ');
    t.ok((await first.shown(/\/u#/)).trim().startsWith(`${issuerUrl}/u#`));
    const { id } = await createUpload({ issuerUrl, apiKey, name: 'kept' });
    t.match(before, new RegExp(`^http://127.0.0.1:${env.DEV_PORT}/prod uo_`));
    const second = startDev(t, env);
    t.equal(await second.ended, 1);
    t.match(second.output(), new RegExp(`another run is at work .*, process ${first.child.pid}`));

    first.child.kill('SIGKILL');
    await nothingListens(Number(env.DEV_PORT));
    const third = startDev(t, env);
    await third.shown(READY);
    t.equal(await facts(), before);
    t.match(await inShell(envFile, `npx upload-once status ${id}`), /state +ISSUED/, 'what was there');
    third.child.kill('SIGINT');
    t.equal(await third.ended, 0);
  },
);

t.test('webhooks are sent where the caller configures them, and are shown', async (t) => {
  const { origin, received } = await startWebhookReceiver(t);
  const secret = `whsec_${Buffer.alloc(32, 'a secret of a test').toString('base64')}`;
  const port = await freeDevPort();
  const dev = startDev(t, {
    DEV_FOLDER: t.testdir(),
    DEV_PORT: String(port),
    WEBHOOKS: JSON.stringify({ default: { url: origin, secrets: [secret] } }),
    WEBHOOK_ALLOWED_ORIGINS: origin,
  });
  await dev.shown(READY);
  const [, apiKey = ''] = /^ {2}API key +(\S+)/m.exec(dev.output()) ?? [];
  const { id, form } = await createUpload({ issuerUrl: `http://127.0.0.1:${port}`, apiKey });
  await uploadFile({ form, file: { blob: new Blob(['content']), name: 'file.txt' } });
  t.match(await dev.shown(/ {2}webhook /), `${id}  upload.processed to ${new URL(origin).host}`);
  const [webhook] = received.entries;
  t.match(new Webhook(secret).verify(webhook?.body ?? '', webhook?.headers ?? {}), { data: { id } });
  dev.child.kill('SIGTERM');
  t.equal(await dev.ended, 0);
});

t.test('a port that is in use is named, and so is an invalid DEV_PORT', async (t) => {
  const port = await freeDevPort();
  const other = createServer().listen(port + 1, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  for (const [DEV_PORT, message] of [
    [String(port), `port ${port + 1} of 127.0.0.1, which is for S3, is taken: `],
    ['65530', 'DEV_PORT: expected the first of 9 ports, from 1 to 65527, got "65530"'],
    ['http', 'DEV_PORT: expected the first of 9 ports, from 1 to 65527, got "http"'],
  ] as const) {
    const dev = startDev(t, { DEV_FOLDER: t.testdir(), DEV_PORT });
    t.equal(await dev.ended, 1);
    t.ok(dev.output().startsWith(message), dev.output());
  }
});
