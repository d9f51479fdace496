import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { pathWith } from '../../../test/support/fake-programs.ts';

const program = fileURLToPath(new URL('../main.ts', import.meta.url));

const DOCKER = 'echo 28.0.0';
const TERRAFORM = `echo '{"terraform_version": "1.11.0"}'`;

async function run(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
  const [[exitCode], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { exitCode, stdout, stderr };
}

t.test('what is missing is named in one line each, with what to install; nothing is started', async (t) => {
  const cases: { what: string; programs: Record<string, string>; lines: RegExp[] }[] = [
    {
      what: 'nothing is there',
      programs: {},
      lines: [
        /^docker is not there: install Docker Engine .*https:/,
        /^terraform is not there: install Terraform 1\.11 or later .*https:/,
      ],
    },
    {
      what: 'no engine runs',
      programs: {
        docker: 'echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." >&2; exit 1',
        terraform: TERRAFORM,
      },
      lines: [/^no Docker Engine responds: start it .*Cannot connect to the Docker daemon/],
    },
    {
      what: 'Docker has no plugins',
      programs: { docker: `[ "$1" = version ] && ${DOCKER}`, terraform: TERRAFORM },
      lines: [/^Docker Compose v2 is not there: install/, /^Docker Buildx is not there: install/],
    },
    {
      what: 'an old Terraform',
      programs: { docker: DOCKER, terraform: `echo '{"terraform_version": "1.9.8"}'` },
      lines: [/^Terraform 1\.9\.8 is too old: install Terraform 1\.11 or later/],
    },
    {
      what: 'a Terraform that can’t be run',
      programs: { docker: DOCKER, terraform: 'echo "no such architecture" >&2; exit 1' },
      lines: [/^terraform can't be used: no such architecture; install/],
    },
  ];
  for (const { what, programs, lines } of cases) {
    const PATH = await pathWith(t, programs);
    const { exitCode, stdout, stderr } = await run(['up'], { PATH });
    t.equal(exitCode, 1, what);
    t.equal(stdout, '', what);
    const said = stderr.trimEnd().split('\n');
    t.equal(said.length, lines.length, `${what}: ${stderr}`);
    lines.forEach((line, at) => {
      t.match(said[at], line, what);
    });
  }
});

t.test('removing needs no Terraform, but Docker', async (t) => {
  const { exitCode, stderr } = await run(['down'], { PATH: await pathWith(t, {}) });
  t.equal(exitCode, 1);
  t.match(stderr, /^docker is not there: .*\n$/);
});

t.test('an invalid port is rejected by the name of its variable', async (t) => {
  const PATH = await pathWith(t, { docker: DOCKER, terraform: TERRAFORM });
  for (const variable of ['LOCALSTACK_PORT', 'ISSUER_PORT', 'CONSOLE_PORT']) {
    for (const value of ['0', '65536', '80.5', 'http']) {
      const { exitCode, stderr } = await run(['up'], { PATH, [variable]: value });
      t.equal(exitCode, 1);
      t.equal(stderr, `${variable}: expected a port from 1 to 65535, got "${value}"\n`);
    }
  }
});

t.test('one port for two is refused before anything is started', async (t) => {
  const PATH = await pathWith(t, { docker: DOCKER, terraform: TERRAFORM });
  for (const [one, other] of [
    ['LOCALSTACK_PORT', 'ISSUER_PORT'],
    ['ISSUER_PORT', 'CONSOLE_PORT'],
  ] as const) {
    const { exitCode, stdout, stderr } = await run(['up'], { PATH, [one]: '9000', [other]: '9000' });
    t.equal(exitCode, 1);
    t.equal(stdout, '');
    t.equal(stderr, `${one} and ${other}: expected two ports, got 9000 for both\n`);
  }
});

t.test('a project name that is a path gets nowhere: nothing is started, and nothing removed', async (t) => {
  const PATH = await pathWith(t, { docker: DOCKER, terraform: TERRAFORM });
  for (const action of ['up', 'down', 'images']) {
    for (const name of [
      '../../stack',
      '../../..',
      'a/b',
      '/tmp',
      '../../stack/test',
      '-a',
      'Upload',
      'a'.repeat(64),
    ]) {
      const { exitCode, stdout, stderr } = await run([action], { PATH, COMPOSE_PROJECT_NAME: name });
      t.equal(exitCode, 1, name);
      t.equal(stdout, '', name);
      t.equal(
        stderr,
        `COMPOSE_PROJECT_NAME: expected 1 to 63 of a-z, 0-9, "-" and "_", the first a letter or a digit, got "${name}"\n`,
      );
    }
  }
});

t.test('wrong use: exit code 2', async (t) => {
  for (const args of [[], ['sideways'], ['constructor']]) {
    t.strictSame(await run(args, {}), {
      exitCode: 2,
      stdout: '',
      stderr: 'usage: node local/localstack/main.ts up | down | images\n',
    });
  }
});
