import { once } from 'node:events';
import { createServer } from 'node:net';
import t from 'tap';
import { listenViolation } from '../src/listen-violation.ts';

async function listenError(port: number, host: string): Promise<unknown> {
  const server = createServer();
  server.listen(port, host);
  const [error] = await once(server, 'error');
  return error;
}

t.test('a port that is taken is a violation of PORT', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  t.match(listenViolation(await listenError(port, '127.0.0.1')), {
    code: 'ConfigError',
    message: `PORT: expected a port on which nothing listens yet, got ${port}`,
  });
});

t.test('an address that is not this machine’s is a violation of HOST', async (t) => {
  t.match(listenViolation(await listenError(0, '192.0.2.1')), {
    message: 'HOST: expected an address of this machine, got "192.0.2.1"',
  });
});

t.test('a host name without an address is a violation of HOST', async (t) => {
  const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND no.such.invalid'), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: 'no.such.invalid',
  });
  t.match(listenViolation(unknown), {
    message: 'HOST: expected a host name that has an address, got "no.such.invalid"',
  });
});

t.test('anything else is no violation of HOST or PORT', async (t) => {
  const others = [new Error('x'), undefined, 'words', Object.assign(new Error('x'), { code: 'EADDRINUSE' })];
  for (const other of others) t.equal(listenViolation(other), undefined);
});
