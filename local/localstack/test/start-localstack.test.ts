import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { pathWith } from '../../../test/support/fake-programs.ts';
import { holdLock, lockOf } from '../../stack/lock.ts';
import { freePorts, type Ports } from '../ports.ts';
import { buildImages, removeLocalStack, startLocalStack } from '../start.ts';

const project = `upload-once-unit-${process.pid}`;
const folder = fileURLToPath(new URL(`../../../.local/localstack/${project}`, import.meta.url));
t.teardown(() => rm(folder, { recursive: true, force: true }));

/** A program that has a port already. */
async function takePort(t: Test): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function start(
  t: Test,
  ports: Ports,
  docker: string,
  settings: NodeJS.ProcessEnv = {},
  forAcceptance = true,
) {
  return startLocalStack({
    project,
    ports,
    forAcceptance,
    terraformVariables: {},
    keyRate: 1,
    env: { PATH: await pathWith(t, { docker }), ...settings },
    say: () => undefined,
  });
}

/** Docker that knows of no container, and can do nothing else. */
const EMPTY_DOCKER = 'case "$*" in *" ps "*) ;; *) echo "unexpected: $*" >&2; exit 1;; esac';

t.test('a port that is taken is said by name, before anything is started', async (t) => {
  const variables = {
    localstack: ['LocalStack', 'LOCALSTACK_PORT'],
    issuer: ['the url-issuer', 'ISSUER_PORT'],
    console: ['the console', 'CONSOLE_PORT'],
    shortLivedIssuer: ['the second url-issuer', 'SHORT_LIVED_ISSUER_PORT'],
    webhookReceiver: ['the receiver of webhooks', 'WEBHOOK_RECEIVER_PORT'],
  } as const;
  for (const [name, [what, variable]] of Object.entries(variables)) {
    const port = await takePort(t);
    const chosen = { ...(await freePorts()), [name]: port };
    await t.rejects(start(t, chosen, EMPTY_DOCKER, {}, name !== 'console'), {
      code: 'PortTaken',
      message: `port ${port} of 127.0.0.1, for ${what}, is taken by another program: stop that, or choose another port with ${variable}=…`,
    });
  }
  t.strictSame(
    (await readdir(folder)).filter((file) => file !== 'commands.log'),
    [],
    'nothing is left',
  );
});

t.test('a port that its own containers have is not taken', async (t) => {
  const port = await takePort(t);
  const container = JSON.stringify({
    Service: 'localstack',
    Publishers: [{ URL: '127.0.0.1', PublishedPort: port }],
  });
  const docker = `case "$*" in *" ps "*) echo '${container}';; *) echo "the engine is full" >&2; exit 17;; esac`;
  await t.rejects(start(t, { ...(await freePorts()), localstack: port }, docker), {
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
  await t.rejects(start(t, await freePorts(), docker, { PROCESSOR_IMAGE: 'my-procesor' }), {
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
  const settings = { PROCESSOR_IMAGE: 'my-processor' };
  await t.rejects(start(t, await freePorts(), docker('echo sha256:1'), settings), {
    code: 'CommandFailed',
    message: /next: compose /,
  });
  await t.rejects(start(t, await freePorts(), docker('exit 1'), settings), {
    code: 'ImageMissing',
    message: /next: pull --quiet my-processor/,
  });
});

t.test('a base image that can’t be had is said by name, with what to do', async (t) => {
  const docker = `case "$*" in
    *" build")
      echo "#5 [url-issuer internal] load metadata for docker.io/library/node:24-trixie-slim@sha256:17" >&2
      echo "#4 [acceptor internal] load build definition" >&2
      echo "#5 ERROR: failed to do request: no such host" >&2
      exit 1;;
    *) echo "unexpected: $*" >&2; exit 1;;
  esac`;
  const env = { PATH: await pathWith(t, { docker }), NODE_IMAGE: 'node:24-mine' };
  await t.rejects(buildImages({ project, ports: await freePorts(), env }), {
    code: 'BaseImageMissing',
    message: /no such host\n\nThis machine can't get the base image node:24-mine\. .*: NODE_IMAGE=/,
  });
});

t.test('a container that ends is named, with its own last words', async (t) => {
  const ended = JSON.stringify({ Service: 'localstack', State: 'exited', ExitCode: 78 });
  const docker = `case "$*" in
    *" ps "*) echo '${ended}';;
    *" logs "*) echo "LOG_LEVEL: expected one of …";;
    *" up "*) echo "container localstack exited (78)" >&2; exit 1;;
  esac`;
  await t.rejects(start(t, await freePorts(), docker), {
    code: 'ServiceEnded',
    message: 'localstack ended with exit code 78; its last lines:\nLOG_LEVEL: expected one of …',
  });
});

t.test('nothing is removed while a start is at work', async (t) => {
  const options = {
    project,
    ports: await freePorts(),
    env: { PATH: await pathWith(t, { docker: 'exit 0' }) },
  };
  await mkdir(folder, { recursive: true });
  {
    await using _lock = await holdLock(lockOf(folder));
    await t.rejects(removeLocalStack(options), { code: 'LockHeld' });
    t.ok(existsSync(folder), 'the folder stays');
  }
  await removeLocalStack(options);
  t.notOk(existsSync(folder), 'afterwards it goes');
});
