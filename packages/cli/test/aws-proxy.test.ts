// The commands of operators as processes, through a proxy on loopback to an AWS of this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { quietCloud } from '../../../test/support/operator-stage.ts';
import { startProxy } from './proxy-server.ts';

const BIN = fileURLToPath(new URL('../bin/upload-once.mjs', import.meta.url));

/** Runs commands on a cloud of this machine, and tells which of its services the proxy was asked for. */
async function stage(t: Test) {
  const [cloud, proxy] = [await quietCloud(t), await startProxy(t)];
  const run = async (args: readonly string[], env: Record<string, string>) => {
    proxy.log.length = 0;
    const child = spawn(process.execPath, [BIN, ...args], {
      env: {
        ...cloud.envFor(''),
        UPLOAD_EVENTS_QUEUE_URL: cloud.queues.uploadEvents,
        ACCEPTED_EVENTS_QUEUE_URL: cloud.queues.acceptedEvents,
        UPLOAD_ONCE_ACCESS_TABLE: cloud.tables.access,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await ended;
    const { s3, sqs, dynamodb } = cloud.localAws.endpoints;
    const reached = Object.entries({ s3, sqs, dynamodb })
      .filter(([, url]) => proxy.log.some((line) => line.includes(new URL(url).host)))
      .map(([name]) => name);
    return { code, stdout, stderr, reached };
  };
  return { proxy, run };
}

t.test(
  'keys, audit and redrive reach AWS through HTTP_PROXY, and directly where NO_PROXY says so',
  async (t) => {
    const { proxy, run } = await stage(t);
    for (const [args, reached] of [
      [['keys', 'list'], ['dynamodb']],
      [
        ['audit', '--repair'],
        ['s3', 'sqs', 'dynamodb'],
      ],
      [['redrive'], ['s3', 'sqs']],
    ] as const) {
      const through = await run(args, { HTTP_PROXY: proxy.url });
      t.match(through, { code: 0, reached }, `${args.join(' ')}: ${through.stderr}`);
      const direct = await run(args, { HTTP_PROXY: proxy.url, NO_PROXY: 'localhost,127.0.0.1' });
      t.match(direct, { code: 0, reached: { length: 0 } }, `${args.join(' ')}: ${direct.stderr}`);
    }
  },
);

t.test('a proxy that can’t be used: exit code 2, and nothing is tried', async (t) => {
  const { run } = await stage(t);
  for (const args of [['keys', 'list'], ['audit'], ['redrive']]) {
    const { code, stdout, stderr } = await run(args, {
      HTTPS_PROXY: 'socks5://user:secret@proxy.example:1080',
    });
    t.equal(code, 2, args.join(' '));
    t.equal(stdout, '');
    t.match(
      stderr,
      /^upload-once: HTTPS_PROXY is the http or https URL of a proxy, such as .*, and the given value is not\n/,
    );
    t.notMatch(stderr, 'secret');
  }
});
