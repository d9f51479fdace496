import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const program = fileURLToPath(new URL('../src/health-check.ts', import.meta.url));

/** A service that responds by path. */
async function startService(t: Test, statuses: Record<string, number>): Promise<string> {
  const server = createServer((request, response) => {
    response.statusCode = statuses[request.url ?? ''] ?? 404;
    response.end(`this is ${request.url}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return String((server.address() as AddressInfo).port);
}

async function check(port: string, ...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, PORT: port } });
  const [[exitCode], stderr] = await Promise.all([once(child, 'close'), text(child.stderr)]);
  return { exitCode, stderr };
}

t.test('healthy as long as the path responds with success; /livez unless another is named', async (t) => {
  const port = await startService(t, { '/livez': 200, '/readyz': 503 });
  t.strictSame(await check(port), { exitCode: 0, stderr: '' });
  t.strictSame(await check(port, '/livez'), { exitCode: 0, stderr: '' });
  t.strictSame(await check(port, '/readyz'), {
    exitCode: 1,
    stderr: `http://127.0.0.1:${port}/readyz: responded with 503: this is /readyz\n`,
  });
});

t.test('unhealthy, in one line, where no server listens', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const { exitCode, stderr } = await check(String(port));
  t.equal(exitCode, 1);
  t.match(stderr, new RegExp(`^http://127.0.0.1:${port}/livez: .*ECONNREFUSED.*\n$`));
});
