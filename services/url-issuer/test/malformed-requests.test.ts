import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { appUnderTest, KEY_VALUE } from './app-under-test.ts';

// Requests that are broken on purpose, as bytes over connections of their own. `make fuzz` sends more, with other seeds.

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 2_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const AT_ONCE = 16;

const whole = [
  `GET /getpresignedurl HTTP/1.1\r\nHost: x\r\nx-api-key: ${KEY_VALUE}\r\n\r\n`,
  `POST /v1/uploads HTTP/1.1\r\nHost: x\r\nx-api-key: ${KEY_VALUE}\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"name":"x"}`,
  'GET /v1/uploads/a%2Fb HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\nOrigin: https://x\r\nAccess-Control-Request-Method: POST\r\n\r\n',
];
const POISON = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  ':',
  '%',
  '%00',
  '\u00ff',
  '/../',
  'chunked',
  '-1',
  '9'.repeat(40),
  'a'.repeat(5_000),
];

/** A good request with pieces cut out, doubled and put in; now and then nothing but noise. */
const broken = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...whole),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 20 }), fc.constantFrom('', ...POISON), fc.boolean()), {
          minLength: 1,
          maxLength: 2,
        }),
      )
      .map(([request, cuts]) =>
        cuts.reduce((text, [place, length, put, twice]) => {
          const at = place % (text.length + 1);
          return text.slice(0, at) + (twice ? put + put : put) + text.slice(at + length);
        }, request),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  },
);

/** What came back until the connection ended. The client ends its side, so that it always does. */
async function send(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let response = '';
  socket.setEncoding('latin1').on('data', (text) => {
    response += text;
  });
  // A connection that is cut while it is written to is a response too.
  socket.on('error', () => {});
  socket.end(request, 'latin1');
  await once(socket, 'close');
  return response;
}

t.test(
  `${REQUESTS} malformed requests: each gets a response of HTTP or none, and the service still serves`,
  async (t) => {
    const limits = { headers: 1_000, request: 1_000, check: 100 };
    const { app, logLines, get } = await appUnderTest(t, { limits });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const requests = fc.sample(broken, { numRuns: REQUESTS, seed: SEED });
    const queue = requests.values();
    const statuses = new Map<string, number>();
    const odd: string[] = [];
    async function work(): Promise<void> {
      for (const request of queue) {
        const response = await send(port, request);
        const status = response === '' ? 'none' : (/^HTTP\/1\.1 (\d{3}) /.exec(response)?.[1] ?? 'odd');
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 'odd' || status.startsWith('5') || /node_modules|\bat .*\.ts/.test(response))
          odd.push(request);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    t.strictSame(odd, [], `seed ${SEED}: requests whose response was a fault, or not HTTP`);
    t.equal(
      [...statuses.values()].reduce((sum, count) => sum + count, 0),
      REQUESTS,
    );
    t.ok((statuses.get('400') ?? 0) > REQUESTS / 20, 'a good part was no HTTP at all');
    t.ok(
      (statuses.get('200') ?? 0) + (statuses.get('403') ?? 0) > REQUESTS / 50,
      'and some were requests all the same',
    );
    t.strictSame(
      logLines.filter((line) => /"level":"(error|fatal)"/.test(line)),
      [],
      'no fault of ours in the log',
    );
    t.equal((await get()).statusCode, 200);
    const headers = { 'x-api-key': KEY_VALUE };
    const response = await fetch(`http://127.0.0.1:${port}/getpresignedurl`, { headers });
    t.equal(response.status, 200, 'over a connection as well');
    t.comment(Object.fromEntries(statuses));
  },
);
