import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@upload-once/local-stack/stack.ts';
import t from 'tap';
import { builtPackage, NODES, repository, run } from './built.ts';

// The tarballs, installed into an empty folder as a stranger would, beside everything that they need of npm.

const folder = await mkdtemp(join(tmpdir(), 'upload-once-installed-'));
t.teardown(() => rm(folder, { recursive: true }));
const [client, cli] = await Promise.all([builtPackage('client'), builtPackage('cli')]);
const [stack] = await Promise.all([startStack({ logFolder: join(folder, 'logs') }), install()]);
t.teardown(() => stack.stop());

async function install() {
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', client.tarball, cli.tarball];
  const { code, stderr } = await run('npm', args, { cwd: folder });
  if (code !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
}

/** As `run`, for a program that goes on. */
function startServing(node: string, args: readonly string[], signal: AbortSignal) {
  const child = spawn('env', ['-u', 'NODE_OPTIONS', node, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  signal.addEventListener('abort', () => child.kill('SIGKILL'));
  return child;
}

const env = {
  UPLOAD_EVENTS_QUEUE_URL: stack.queues.uploadEvents,
  ...stack.awsEnv,
  UPLOAD_ONCE_URL: stack.issuerUrl,
  UPLOAD_ONCE_API_KEY: stack.apiKey,
  UPLOAD_ONCE_ACCESS_TABLE: stack.tables.access,
};

const PROGRAM = `
import { writeFile } from 'node:fs/promises';
import { createUpload, describeFile, fileSha256, getUpload, requestUpload, uploadFile } from '@upload-once/client';

const access = { issuerUrl: process.env.UPLOAD_ONCE_URL, apiKey: process.env.UPLOAD_ONCE_API_KEY };
const file = 'library.txt';
await writeFile(file, 'by the library');
const { sizeBytes } = await describeFile(file);
const sha256 = await fileSha256(file);
const done = [];
for (const options of [{ sha256 }, { method: 'put', minBytes: sizeBytes, maxBytes: sizeBytes }]) {
  const { id, form } = await createUpload({ ...access, ...options });
  let sentBytes = 0;
  const onProgress = (progress) => { sentBytes = progress.sentBytes; };
  const { key } = await uploadFile({ form, file, onProgress });
  done.push({ key, sent: sentBytes === sizeBytes, known: (await getUpload(access, id)).id === id });
}
const blob = new Blob(['from memory']);
const { status } = await uploadFile({ form: await requestUpload(access), file: { blob, name: 'memory.txt' } });
const { code } = await requestUpload({ ...access, issuerUrl: 'no URL' }).catch((error) => error);
console.log(JSON.stringify({ done, status, code }));
`;
await writeFile(join(folder, 'program.js'), PROGRAM);

for (const node of NODES) {
  const { stdout: version } = await run(node, ['--version']);
  const start = (...args: string[]) => run(node, args, { cwd: folder, env });
  const command = (...args: string[]) =>
    start(join(folder, 'node_modules/upload-once/dist/upload-once.mjs'), ...args);

  t.test(`the library uploads on Node ${version.trim()}`, async (t) => {
    const { stdout, stderr } = await start('program.js');
    t.equal(stderr, '');
    const stored = { key: /^uploads\//, sent: true, known: true };
    t.match(JSON.parse(stdout), { done: [stored, stored], status: 204, code: 'InvalidArgument' });
  });

  t.test(`the command serves its console on Node ${version.trim()}`, async (t) => {
    const program = join(folder, 'node_modules/upload-once/dist/upload-once.mjs');
    const ending = new AbortController();
    const child = startServing(node, [program, 'console'], ending.signal);
    t.teardown(() => ending.abort());
    const [text] = await once(child.stdout, 'data');
    const [, origin = '', token = ''] = /(http:\S+)\/#token=(\S+)/.exec(String(text)) ?? [];
    const page = await (await fetch(origin)).text();
    for (const [, name] of page.matchAll(/(?:href|src)="([\w.-]+)"/g))
      t.equal((await fetch(`${origin}/${name}`)).status, 200, `${name}`);
    const state = await fetch(`${origin}/api/queues/uploads`, {
      headers: { authorization: `Bearer ${token}` },
    });
    t.match(await state.json(), { name: 'upload-events', deadLetters: { visible: 0 } });
    child.kill('SIGINT');
    t.strictSame(await once(child, 'exit'), [0, null]);
  });

  t.test(`the command uploads on Node ${version.trim()}`, async (t) => {
    await writeFile(join(folder, 'command.txt'), 'by the command');
    const uploaded = await command('upload', 'command.txt');
    t.match(uploaded, { code: 0, stderr: '', stdout: /^command\.txt stored as uploads\// });
    const [, key = ''] = / stored as (\S+)/.exec(uploaded.stdout) ?? [];
    const status = await command('status', key);
    t.match(status, { code: 0, stdout: /^state +[A-Z]+$/m });
    t.match(status.stdout, /^contentType +text\/plain$/m);
    t.match(status.stdout, /^filename +command\.txt$/m);
    const put = await command('upload', '--method', 'put', '--sha256', 'command.txt');
    t.match(put, { code: 0, stderr: '', stdout: /^command\.txt stored as uploads\// });
    t.match(await command('--version'), { code: 0, stdout: `${cli.manifest.version}\n` });
  });

  t.test(`the commands of operators reach AWS on Node ${version.trim()}`, async (t) => {
    t.match(await command('keys', 'list'), { code: 0, stdout: /local/ });
    const redrive = await command('redrive', '--queue', stack.queues.uploadEvents, '--limit', '1');
    t.match(redrive, { code: 0, stderr: '' });
  });
}

t.test('its types need no types of Node in a page, and none of a page in Node', async (t) => {
  await writeFile(
    join(folder, 'program.ts'),
    `import { createUpload, UploadOutcomeUnknown, uploadFile } from '@upload-once/client';
    export async function upload(file: Blob): Promise<string> {
      const { form } = await createUpload({ issuerUrl: 'https://uploads.example', apiKey: 'key' });
      try {
        const { key } = await uploadFile({ form, file: { blob: file, name: 'a' }, onProgress: ({ sentBytes }) => sentBytes });
        return key;
      } catch (error) {
        if (error instanceof UploadOutcomeUnknown) return error.key;
        throw error;
      }
    }`,
  );
  const types = join(repository, 'node_modules/@types');
  for (const [what, options] of Object.entries({
    page: [
      '--lib',
      'es2022,dom,dom.iterable',
      '--moduleResolution',
      'bundler',
      '--module',
      'esnext',
      '--types',
      '',
    ],
    program: ['--lib', 'es2022', '--module', 'nodenext', '--types', 'node', '--typeRoots', types],
  })) {
    const tsc = join(repository, 'node_modules/.bin/tsc');
    const checked = await run(tsc, ['--noEmit', '--strict', '--target', 'es2022', ...options, 'program.ts'], {
      cwd: folder,
    });
    t.match(checked, { code: 0, stdout: '' }, what);
  }
});
