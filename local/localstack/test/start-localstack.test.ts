import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { pathWith } from '../../../test/support/fake-programs.ts';
import { holdLock, lockOf } from '../../stack/lock.ts';
import { freePorts } from '../../stack/ports.ts';
import { buildImages, removeLocalStack, startLocalStack } from '../start.ts';

const project = `upload-once-unit-${process.pid}`;
const folder = fileURLToPath(new URL(`../../../.local/localstack/${project}`, import.meta.url));
t.teardown(() => rm(folder, { recursive: true, force: true }));

const VARIABLES = ['LOCALSTACK_PORT', 'ISSUER_PORT', 'CONSOLE_PORT'];

/** A project of its own on free ports. */
async function envWith(t: Test, docker: string): Promise<Record<string, string>> {
  const ports = await freePorts(VARIABLES.length);
  return {
    PATH: await pathWith(t, { docker }),
    COMPOSE_PROJECT_NAME: project,
    ...Object.fromEntries(VARIABLES.map((variable, at) => [variable, String(ports[at])])),
  };
}

/** Another program has this port already. */
async function takePort(t: Test, port: string | undefined): Promise<void> {
  const server = createServer().listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
}

function start(env: NodeJS.ProcessEnv) {
  return startLocalStack({ env, forAcceptance: true, keyRate: 1, say: () => undefined });
}

/** Docker that knows of no container, and can do nothing else. */
const EMPTY_DOCKER = 'case "$*" in *" ps "*) ;; *) echo "unexpected: $*" >&2; exit 1;; esac';

t.test('a port that is taken is said by name, before anything is started', async (t) => {
  const whats = ['LocalStack', 'the url-issuer', 'the console'];
  for (const [at, what] of whats.entries()) {
    const env = await envWith(t, EMPTY_DOCKER);
    const variable = VARIABLES[at] ?? '';
    await takePort(t, env[variable]);
    await t.rejects(start(env), {
      code: 'PortTaken',
      message: `port ${env[variable]} of 127.0.0.1, for ${what}, is taken by another program: stop that, or choose another port with ${variable}=…`,
    });
  }
  t.strictSame(
    (await readdir(folder)).filter((file) => file !== 'commands.log'),
    [],
    'nothing is left',
  );
});

t.test('a port that its own containers have is not taken', async (t) => {
  const docker = `case "$*" in
    *" ps "*) echo "{\\"Service\\":\\"localstack\\",\\"Publishers\\":[{\\"URL\\":\\"127.0.0.1\\",\\"PublishedPort\\":$LOCALSTACK_PORT}]}";;
    *) echo "the engine is full" >&2; exit 17;;
  esac`;
  const env = await envWith(t, docker);
  await takePort(t, env.LOCALSTACK_PORT);
  await t.rejects(start(env), {
    code: 'CommandFailed',
    message: /docker compose .* ended with exit code 17; its last lines:\nthe engine is full/,
  });
});

t.test('an image of one’s own that is nowhere is said by name, before anything is started', async (t) => {
  const docker = `case "$*" in
    *" ps "*) ;;
    "pull "*) echo "pull access denied for my-procesor" >&2; exit 1;;
    "image inspect "*) echo "No such image" >&2; exit 1;;
    *) echo "unexpected: $*" >&2; exit 1;;
  esac`;
  await t.rejects(start({ ...(await envWith(t, docker)), PROCESSOR_IMAGE: 'my-procesor' }), {
    code: 'ImageMissing',
    message:
      /^PROCESSOR_IMAGE: there is no image "my-procesor" on this machine, and none to be pulled: build it first [^\n]*\ndocker pull [^\n]*\npull access denied/,
  });
});

t.test('an image of one’s own that is here is not pulled, one that is not is', async (t) => {
  const docker = (inspect: string) => `case "$*" in
    *" ps "*) ;;
    "image inspect --format {{.Id}} my-processor") ${inspect};;
    *) echo "next: $*" >&2; exit 1;;
  esac`;
  const startWith = async (inspect: string) =>
    start({ ...(await envWith(t, docker(inspect))), PROCESSOR_IMAGE: 'my-processor' });
  await t.rejects(startWith('echo sha256:1'), {
    code: 'CommandFailed',
    message: /next: compose /,
  });
  await t.rejects(startWith('exit 1'), {
    code: 'ImageMissing',
    message: /next: pull --quiet my-processor/,
  });
});

t.test('a base image that can’t be had is said by name, with what to do', async (t) => {
  const docker = `case "$*" in
    *" build")
      echo "#5 [url-issuer internal] load metadata for docker.io/library/node:24-mine" >&2
      echo "#4 [acceptor internal] load build definition" >&2
      echo "#5 ERROR: failed to do request: no such host" >&2
      exit 1;;
    *) echo "unexpected: $*" >&2; exit 1;;
  esac`;
  await t.rejects(buildImages(await envWith(t, docker)), {
    code: 'BaseImageMissing',
    message:
      /no such host\n\nThis machine can't get the base image docker\.io\/library\/node:24-mine\. .*: NODE_IMAGE=/,
  });
});

t.test('a container that ends is named, with its own last words', async (t) => {
  const docker = `case "$*" in
    *" ps "*" {{.Service}} "*) echo "localstack 78";;
    *" logs "*" localstack") echo "LOG_LEVEL: expected one of …";;
    *" up "*) echo "container localstack exited (78)" >&2; exit 1;;
  esac`;
  await t.rejects(start(await envWith(t, docker)), {
    code: 'ServiceEnded',
    message: 'localstack ended with exit code 78; its last lines:\nLOG_LEVEL: expected one of …',
  });
});

t.test('nothing is removed while a start is at work', async (t) => {
  const env = await envWith(t, 'exit 0');
  await mkdir(folder, { recursive: true });
  {
    await using _lock = await holdLock(lockOf(folder));
    await t.rejects(removeLocalStack(env), { code: 'LockHeld' });
    t.ok(existsSync(folder), 'the folder stays');
  }
  await removeLocalStack(env);
  t.notOk(existsSync(folder), 'afterwards it goes');
});
