import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { requestUpload, uploadFile } from '@upload-once/client';
import t from 'tap';
import { eventually } from '../../../../test/support/eventually.ts';
import { freePorts, isTaken } from '../../../stack/ports.ts';
import { docker, repository, run } from '../support/docker.ts';

/**
 * `make local` as a user runs it: stopped in the middle, run again, run twice, with a custom handler, and removed.
 * The tests run in sequence on one stack, because each start of an empty LocalStack takes more than a minute.
 */
const project = 'upload-once-make-local';
const folder = join(repository, '.local/localstack', project);
const example = 'upload-once-example-handler';
const [localstackPort = 0, issuerPort = 0, consolePort = 0] = await freePorts(3);
const env = {
  ...process.env,
  COMPOSE_PROJECT_NAME: project,
  LOCALSTACK_PORT: String(localstackPort),
  ISSUER_PORT: String(issuerPort),
  CONSOLE_PORT: String(consolePort),
};
const endpoint = `http://127.0.0.1:${localstackPort}`;
const issuerUrl = `http://127.0.0.1:${issuerPort}`;

const s3 = new S3Client({
  region: 'eu-central-1',
  endpoint,
  forcePathStyle: true,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

await run(['make', 'local-down'], env);
t.teardown(() => run(['make', 'local-down'], env));

function apiKeyIn(output: string): string {
  return /API key +(\S+)/.exec(output)?.[1] ?? '';
}

/** Asks the console at the address that `make local` printed, until its list of uploads has one that was processed. */
async function consoleShows(output: string, id: unknown): Promise<boolean> {
  const [, origin = '', token = ''] = /^ {2}(http:\S+)\/#token=(\S+)$/m.exec(output) ?? [];
  const headers = { authorization: `Bearer ${token}` };
  interface State {
    readonly uploads: readonly { readonly uploadId: string; readonly processedMs?: number }[];
  }
  return eventually(
    async () => {
      const { uploads } = (await (await fetch(`${origin}/api/state`, { headers })).json()) as State;
      return uploads.some(({ uploadId, processedMs }) => uploadId === id && processedMs !== undefined);
    },
    (isShown) => isShown,
  );
}

async function containers(): Promise<string[]> {
  const ids = await docker(
    'ps',
    '--all',
    '--quiet',
    '--filter',
    `label=com.docker.compose.project=${project}`,
  );
  return ids.split('\n').filter(Boolean);
}

/** Uploads a file, and resolves with the processor's log line that says what became of it. */
async function uploadAndFollow(apiKey: string, message: string): Promise<Record<string, unknown>> {
  const form = await requestUpload({ issuerUrl, apiKey });
  const content = Buffer.from('as good as a contract');
  const file = { stream: Readable.from([content]), name: 'contract.txt', sizeBytes: content.length };
  const { status } = await uploadFile({ form, file });
  if (status !== 204) throw new Error(`S3 responded ${status}`);
  const logs = spawn('docker', ['logs', '--follow', `${project}-processor-1`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface({ input: logs.stdout })) {
      const entry = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {};
      const isAboutIt = line.includes(form.key.replace(/^uploads\//, ''));
      if (isAboutIt && entry['msg'] === message) return entry;
    }
  } finally {
    logs.kill();
  }
  throw new Error(`the processor ended before it said "${message}"`);
}

t.test('it is stopped while Terraform is at work', async (t) => {
  const making = spawn('make', ['local'], { cwd: repository, env, detached: true, stdio: 'ignore' });
  const ended = once(making, 'close');
  const isThere = () =>
    s3.send(new HeadBucketCommand({ Bucket: 'upload-once' })).then(
      () => true,
      () => false,
    );
  while (!(await isThere())) {
    if (making.exitCode !== null) throw new Error(readFileSync(join(folder, 'commands.log'), 'utf8'));
    await delay(50);
  }
  process.kill(-(making.pid ?? 0), 'SIGKILL');
  await ended;
  t.match(await containers(), [String], 'LocalStack goes on, and half of what it needs is in it');
});

let apiKey = '';
let localStackId = '';

t.test('run again, it starts all the same, and prints what one needs', async (t) => {
  const { exitCode, stdout, stderr } = await run(['make', 'local'], env);
  t.equal(exitCode, 0, stderr);
  t.match(stdout, `url-issuer   ${issuerUrl}\n`);
  apiKey = apiKeyIn(stdout);
  t.match(stdout, `curl -s -H 'x-api-key: ${apiKey}' ${issuerUrl}/getpresignedurl\n`);
  t.match(stdout, '`make local-down` removes all of it.');
  const processed = await uploadAndFollow(apiKey, 'upload processed');
  t.match(processed, { level: 'info' });
  t.ok(await consoleShows(stdout, processed['uploadId']), 'the console shows it');
  localStackId = await docker('ps', '--quiet', '--filter', `name=${project}-localstack-1`);
});

t.test('it listens on this machine alone, and services can write nowhere', async (t) => {
  for (const id of await containers()) {
    const [container] = JSON.parse(await docker('inspect', id));
    const { Name, Config, HostConfig, NetworkSettings } = container;
    for (const bindings of Object.values(
      NetworkSettings.Ports as Record<string, { HostIp: string }[] | null>,
    )) {
      for (const { HostIp } of bindings ?? []) t.equal(HostIp, '127.0.0.1', Name);
    }
    if (Name.includes('localstack-1')) continue;
    t.equal(HostConfig.ReadonlyRootfs, true, Name);
    t.equal(Config.User, 'node', Name);
    t.strictSame(HostConfig.CapDrop, ['ALL'], Name);
  }
});

t.test('run twice, with a handler of one’s own: what was there stays, and the handler works', async (t) => {
  await docker('build', '--quiet', '--tag', example, join(repository, 'examples/handler'));
  const { exitCode, stdout, stderr } = await run(['make', 'local'], { ...env, PROCESSOR_IMAGE: example });
  t.equal(exitCode, 0, stderr);
  t.equal(await docker('ps', '--quiet', '--filter', `name=${project}-localstack-1`), localStackId);
  t.match(await docker('ps', '--filter', `name=${project}-processor-1`, '--format', '{{.Image}}'), example);
  t.ok(apiKeyIn(stdout) !== apiKey, 'there is another key');
  const hashed = await uploadAndFollow(apiKey, 'hashed');
  t.match(hashed, { sha256: '946e55a803bbbb9538c7f5a82a8d5ff7a089cbc695bebc045c9997d6187194bd' });
  t.ok(await consoleShows(stdout, hashed['uploadId']), 'another console shows it');
});

t.test('SIGTERM ends each service well', async (t) => {
  for (const service of ['url-issuer', 'acceptor', 'processor']) {
    const name = `${project}-${service}-1`;
    await docker('stop', '--time', '120', name);
    t.equal(await docker('inspect', '--format', '{{.State.ExitCode}}', name), '0', service);
    t.match(await docker('logs', name), `${service} stopped`);
  }
  const hasConsole = await eventually(
    () => isTaken(consolePort),
    (taken) => !taken,
  );
  t.notOk(hasConsole, 'the console ends when no service runs');
});

t.test('`make local-down` removes all of it, and may be run twice', async (t) => {
  for (const times of ['once', 'twice']) {
    const { exitCode, stderr } = await run(['make', 'local-down'], env);
    t.equal(exitCode, 0, `${times}: ${stderr}`);
  }
  t.strictSame(await containers(), []);
  for (const kind of ['network', 'volume']) {
    const left = await docker(
      kind,
      'ls',
      '--quiet',
      '--filter',
      `label=com.docker.compose.project=${project}`,
    );
    t.equal(left, '', kind);
  }
  t.notOk(existsSync(folder));
  for (const port of [localstackPort, issuerPort, consolePort]) t.notOk(await isTaken(port));
});
