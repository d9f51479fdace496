import { readFileSync } from 'node:fs';
import t from 'tap';
import { nodeImage } from '../../node-image.ts';
import { docker, inspectImage, repository, run } from '../support/docker.ts';

/** make images has built them. */
const SERVICES = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'] as const;
const LARGEST_BYTES = 100_000_000;

/** What each has of this repository, beside manifests. */
const SOURCES: Record<(typeof SERVICES)[number], string[]> = {
  'url-issuer': [
    'packages/access',
    'packages/clock',
    'packages/runtime',
    'packages/table',
    'packages/text',
    'packages/tracing',
    'packages/uploads',
    'services/url-issuer',
  ],
  acceptor: [
    'packages/clock',
    'packages/queue',
    'packages/runtime',
    'packages/table',
    'packages/text',
    'packages/tracing',
    'packages/uploads',
    'packages/worker',
    'services/acceptor',
  ],
  processor: [
    'packages/clock',
    'packages/queue',
    'packages/runtime',
    'packages/table',
    'packages/text',
    'packages/tracing',
    'packages/uploads',
    'packages/worker',
    'services/processor',
  ],
  'webhook-sender': [
    'packages/clock',
    'packages/queue',
    'packages/runtime',
    'packages/table',
    'packages/text',
    'packages/tracing',
    'packages/uploads',
    'packages/worker',
    'services/webhook-sender',
  ],
};

const unreachable = [
  'AWS_REGION=eu-central-1',
  'AWS_ACCESS_KEY_ID=test',
  'AWS_SECRET_ACCESS_KEY=test',
  'AWS_ENDPOINT_URL=http://127.0.0.1:9',
  'BUCKET=upload-once',
  'UPLOADS_TABLE=uploads',
  'ACCESS_TABLE=access',
].flatMap((setting) => ['--env', setting]);

/** The strictest restrictions that a container can run under. */
const RESTRICTED = ['--read-only', '--network', 'none', '--cap-drop', 'ALL'];

/** A build leaves no image of its base behind that could be inspected. */
const base = await inspectImage(nodeImage(process.env)).catch(async () => {
  await docker('pull', '--quiet', nodeImage(process.env));
  return inspectImage(nodeImage(process.env));
});
const { devDependencies, optionalDependencies } = JSON.parse(
  readFileSync(`${repository}/package.json`, 'utf8'),
) as Record<string, Record<string, string>>;
const development = [
  ...Object.keys({ ...devDependencies, ...optionalDependencies }),
  'dynalite',
  'fauxqs',
  '@fastify/busboy',
];

for (const service of SERVICES) {
  const name = `upload-once/${service}`;

  t.test(
    `${service}: runs as node, in exec form, with a health check that needs no other program`,
    async (t) => {
      const { Size, Config } = await inspectImage(name);
      t.equal(Config.User, 'node');
      t.strictSame(Config.Cmd, ['node', `services/${service}/src/main.ts`]);
      t.strictSame(Config.Healthcheck?.Test, [
        'CMD',
        'node',
        'packages/runtime/src/health-check.ts',
        '/livez',
      ]);
      const added = Config.Env.filter((each) => !base.Config.Env.includes(each));
      t.strictSame(added.sort(), ['NODE_ENV=production', 'PORT=8080']);
      t.ok(
        Size - base.Size < LARGEST_BYTES,
        `${((Size - base.Size) / 1e6).toFixed(1)} MB on top of the base`,
      );
    },
  );

  t.test(`${service}: has its own sources and production dependencies, and nothing else`, async (t) => {
    const list = async (command: string) =>
      (await docker('run', '--rm', ...RESTRICTED, name, 'sh', '-c', command)).split('\n');
    const files = await list('find . -type f -not -path "./node_modules/*"');
    const folders = SOURCES[service].map((folder) => `./${folder}/src/`);
    t.strictSame(
      files.filter(
        (path) => !path.endsWith('/package.json') && !folders.some((folder) => path.startsWith(folder)),
      ),
      ['./package-lock.json'],
    );
    for (const folder of folders)
      t.ok(
        files.some((path) => path.startsWith(folder)),
        folder,
      );

    const packages = await list('cd node_modules && ls -d * @*/*');
    t.ok(packages.includes('@aws-sdk/client-dynamodb'));
    t.equal(
      packages.includes('@aws-sdk/client-sqs'),
      service !== 'url-issuer',
      'who has no queue has no code for one',
    );
    t.strictSame(
      packages.filter((each) => development.includes(each)),
      [],
    );
    t.strictSame(
      await list(
        'ls -A /home/node /handler 2>/dev/null | grep -v -e "^/" -e "^.bash" -e "^.profile" || true',
      ),
      [''],
    );
  });

  t.test(`${service}: changes nothing of itself`, async (t) => {
    const { stdout } = await run([
      'docker',
      'run',
      '--rm',
      name,
      'sh',
      '-c',
      'id -u; find /app -writable -not -type l',
    ]);
    t.equal(stdout, '1000\n');
  });

  t.test(`${service}: names every variable that is missing, and ends with exit code 78`, async (t) => {
    const { exitCode, stdout, stderr } = await run(['docker', 'run', '--rm', ...RESTRICTED, name]);
    t.equal(exitCode, 78);
    t.equal(stdout, '');
    for (const variable of ['AWS_REGION', 'BUCKET', 'UPLOADS_TABLE']) t.match(stderr, variable);
  });
}

t.test('a container lives with a read-only file system, and SIGTERM ends it well', async (t) => {
  const id = await docker('run', '--detach', ...RESTRICTED, ...unreachable, 'upload-once/url-issuer');
  t.teardown(() => docker('rm', '--force', id));
  const isHealthy = ['exec', id, 'node', 'packages/runtime/src/health-check.ts'];
  while ((await run(['docker', ...isHealthy])).exitCode !== 0) {
    const state = await docker('inspect', '--format', '{{.State.Status}}', id);
    if (state !== 'running') throw new Error(`it is ${state}:\n${await docker('logs', id)}`);
  }
  const notReady = await run(['docker', ...isHealthy, '/readyz']);
  t.equal(notReady.exitCode, 1, 'alive, and not ready: its tables are out of reach');
  t.match(notReady.stderr, /responded with 503/);
  await docker('stop', '--time', '60', id);
  t.equal(await docker('inspect', '--format', '{{.State.ExitCode}}', id), '0');
  t.match(await docker('logs', id), /url-issuer stopped/);
});

t.test(
  'audit: runs the command as node, listens to nothing, and has no more than the services',
  async (t) => {
    const { Size, Config } = await inspectImage('upload-once/audit');
    t.equal(Config.User, 'node');
    t.strictSame(Config.Entrypoint, ['node', 'packages/cli/src/main.ts']);
    t.strictSame(Config.Cmd, ['audit', '--json']);
    t.strictSame(Config.Healthcheck?.Test, ['NONE']);
    t.ok(Size - base.Size < LARGEST_BYTES, `${((Size - base.Size) / 1e6).toFixed(1)} MB on top of the base`);
    const list = async (command: string) =>
      (
        await docker('run', '--rm', ...RESTRICTED, '--entrypoint', 'sh', 'upload-once/audit', '-c', command)
      ).split('\n');
    const packages = await list('cd node_modules && ls -d * @*/*');
    t.strictSame(
      packages.filter((each) => development.includes(each)),
      [],
    );
    t.strictSame(await list('find /app -writable -not -type l'), [''], 'it changes nothing of itself');
  },
);

t.test('audit: says what is missing, and ends where nothing can be reached, with no metric', async (t) => {
  const bare = await run(['docker', 'run', '--rm', ...RESTRICTED, 'upload-once/audit', 'audit', '--metrics']);
  t.equal(bare.exitCode, 2);
  t.match(bare.stderr, 'the bucket is missing: set BUCKET');
  const away = await run([
    ...['docker', 'run', '--rm', ...RESTRICTED, ...unreachable, '--env', 'ENVIRONMENT=test'],
    ...['upload-once/audit', 'audit', '--json', '--metrics'],
  ]);
  t.equal(away.exitCode, 1);
  t.equal(away.stdout, '');
  t.match(away.stderr, /not brought to its end/);
});
