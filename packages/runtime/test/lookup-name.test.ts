import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { createLookup, parseHosts } from '../src/lookup-name.ts';

const HOSTS = `# the usual ones
127.0.0.1 localhost
::1 localhost ip6-localhost
10.0.0.5\tDatabase.internal db # ours
fe80::1%eth0 unusable
no address
`;

function fails(code: string) {
  return async (): Promise<never> => {
    throw Object.assign(new Error(code), { code });
  };
}

/** Looks names up where the test says what the name servers know. */
function prepare(servers: { four: () => Promise<string[]>; six: () => Promise<string[]> }) {
  const asked: string[] = [];
  const inSystem: string[] = [];
  const lookup = createLookup({
    hosts: parseHosts(HOSTS),
    resolver: {
      resolve4(name: string) {
        asked.push(name);
        return servers.four();
      },
      resolve6: servers.six,
    } as unknown as Parameters<typeof createLookup>[0]['resolver'],
    lookupInSystem(hostname, _options, callback) {
      inSystem.push(hostname);
      callback(null, '192.0.2.9', 4);
    },
  });
  return {
    asked,
    inSystem,
    find: (hostname: string, options: Parameters<LookupFunction>[1] = { all: true }) =>
      new Promise<unknown>((resolve, reject) =>
        lookup(hostname, options, (error, found, family) => {
          if (error) reject(error);
          else resolve(options.all ? found : { address: found, family });
        }),
      ),
  };
}

t.test('names of the hosts file, localhost and addresses are asked of no one', async (t) => {
  const { find, asked, inSystem } = prepare({ four: fails('ESERVFAIL'), six: fails('ESERVFAIL') });
  const loopback = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  t.strictSame(await find('localhost'), loopback);
  t.strictSame(await find('any.LocalHost.'), loopback);
  t.strictSame(await find('database.INTERNAL'), [{ address: '10.0.0.5', family: 4 }]);
  t.strictSame(await find('db', {}), { address: '10.0.0.5', family: 4 });
  t.strictSame(await find('192.0.2.1', {}), { address: '192.0.2.1', family: 4 });
  t.strictSame(await find('2001:db8::1', {}), { address: '2001:db8::1', family: 6 });
  t.strictSame([...asked, ...inSystem], []);
});

t.test(
  'the name servers are asked, without the system, also for a name with one kind of address',
  async (t) => {
    const both = prepare({ four: async () => ['192.0.2.1', '192.0.2.2'], six: async () => ['2001:db8::1'] });
    t.strictSame(await both.find('sqs.example.com'), [
      { address: '192.0.2.1', family: 4 },
      { address: '192.0.2.2', family: 4 },
      { address: '2001:db8::1', family: 6 },
    ]);
    t.strictSame(await both.find('sqs.example.com', { family: 6 }), { address: '2001:db8::1', family: 6 });
    const six = prepare({ four: fails('ENODATA'), six: async () => ['2001:db8::1'] });
    t.strictSame(await six.find('sqs.example.com', { family: 0 }), { address: '2001:db8::1', family: 6 });
    t.strictSame([...both.inSystem, ...six.inSystem], []);
  },
);

t.test('only for a name that no name server knows is the system asked', async (t) => {
  const unknown = prepare({ four: fails('ENOTFOUND'), six: fails('ENODATA') });
  t.strictSame(await unknown.find('queue', {}), { address: '192.0.2.9', family: 4 });
  t.strictSame(unknown.inSystem, ['queue']);
  const silent = prepare({ four: fails('ETIMEOUT'), six: fails('ENOTFOUND') });
  await t.rejects(silent.find('sqs.example.com'), {
    code: 'EAI_AGAIN',
    message: 'the name servers do not say where sqs.example.com is',
    cause: { code: 'ETIMEOUT' },
  });
  t.strictSame(silent.inSystem, [], 'a name of AWS does not come to the thread pool');
});

t.test('P3, P8: a service reaches AWS by name while a handler fills the thread pool', async (t) => {
  const server = createServer((_request, response) =>
    response.writeHead(200, { connection: 'close', 'content-type': 'application/x-amz-json-1.0' }).end('{}'),
  );
  server.listen(0);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const fifo = join(t.testdir(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const program = fileURLToPath(new URL('fixtures/call-with-full-pool.ts', import.meta.url));
  const endpoint = `http://localhost:${(server.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, [program, endpoint, fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  t.strictSame(JSON.parse(String(line)), { before: 'responded', after: 'responded' });
});
