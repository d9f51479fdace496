import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createDynamoDbAccessStore } from '@upload-once/access';
import { MAX_REQUESTS_AT_ONCE } from '@upload-once/runtime';
import t, { type Test } from 'tap';
import { addKey, KEY_VALUE } from './app-under-test.ts';
import { environmentFor, startIssuer } from './issuer-process.ts';
import { ACCESS_TABLE, startTables } from './start-tables.ts';

// The service runs as in a task of Terraform's default size, while clients without a key send requests and read nothing.

const TASK_MEMORY_MIB = 512;
/** The limit of the heap that Node 24 sets itself in a container of that size. */
const TASK_HEAP_MIB = 259;
/** A measure of processor time: what so many requests take, each sent when the last one has its response. */
const MEASURE_REQUESTS = 1_000;
/** Of every architecture that Linux runs Node.js on. */
const CLOCK_TICKS_PER_SECOND = 100;

interface Flood {
  readonly sockets: number;
  /** What each socket sends. */
  readonly what: string;
  readonly text: string;
  /** Whether the service is asked only when each socket has a response or is closed. */
  readonly waits?: boolean;
  /**
   * How many measures of processor time the flood may take. A service that responds to 1,000 requests a second responds to `/livez` after
   * as many seconds of a flood at the latest.
   */
  readonly measures: number;
}

/** What fits into the 64 KiB that Node.js reads at once. */
const SMALL_REQUESTS = 1_750;
const field = (kib: number) => `X: ${'x'.repeat(kib * 1024)}\r\n`;
const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
const small = (path: string) => ({
  what: `${SMALL_REQUESTS} times GET ${path}`,
  text: get(path).repeat(SMALL_REQUESTS),
});
const FIELDS = Array.from({ length: 900 }, (_, at) => `x${at}${'n'.repeat(56)}: ${'v'.repeat(62)}\r\n`).join(
  '',
);
const POST = 'POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n';

const FLOODS: readonly Flood[] = [
  { ...small('/openapi.json'), sockets: 40, measures: 1 },
  { ...small('/nothing'), sockets: 40, measures: 1 },
  { ...small('/%zz'), sockets: 40, measures: 1 },
  { ...small('/livez'), sockets: 40, measures: 1 },
  { ...small('/openapi.json'), sockets: 400, measures: 10 },
  // A connection may have so many requests at once, but not with headers of such sizes.
  {
    what: '4 requests with 120 KiB of headers',
    text: get('/openapi.json', field(120)).repeat(4),
    sockets: 300,
    measures: 5,
  },
  {
    what: '8 requests with 30 KiB of headers',
    text: get('/openapi.json', field(30)).repeat(8),
    sockets: 900,
    measures: 5,
  },
  // Each gets its response. Node.js holds the headers until the request is complete.
  {
    what: '115 KiB of headers, a body and 115 KiB of trailers that do not end',
    text: `${POST}${FIELDS}\r\n1\r\nx\r\n0\r\n${FIELDS}`,
    waits: true,
    sockets: 900,
    measures: 10,
  },
];

t.test(
  'clients that send any number or part of requests and read nothing do not stop the service',
  async (t) => {
    const tables = await startTables(t);
    const accessStore = createDynamoDbAccessStore({ client: tables.client, tableName: ACCESS_TABLE });
    await addKey(accessStore, { value: KEY_VALUE });
    const env = environmentFor(tables.endpoint);
    const issuer = startIssuer(t, env, [`--max-heap-size=${TASK_HEAP_MIB}`]);
    const url = await issuer.url();
    const pid = issuer.child.pid ?? 0;

    const measureBegan = processorSeconds(pid);
    for (let sent = 0; sent < MEASURE_REQUESTS; sent += 1) await statusOf(`${url}/openapi.json`);
    const measureSeconds = processorSeconds(pid) - measureBegan;

    for (const { sockets, what, text, waits, measures } of FLOODS) {
      t.test(`${sockets} sockets, each ${what}`, async (t) => {
        const linesBefore = issuer.lines.length;
        const secondsBefore = processorSeconds(pid);
        const attackers = await Promise.all(Array.from({ length: sockets }, () => connectDeaf(t, url)));
        const flood = Buffer.from(text);
        for (const { socket } of attackers) socket.write(flood);
        if (waits) {
          for (const { socket } of attackers) socket.resume();
          await Promise.all(attackers.map(({ responded }) => responded));
        }
        t.equal(await statusOf(`${url}/livez`), 200, 'it lives');
        t.equal(await statusOf(`${url}/getpresignedurl`), 200, 'other clients are served');
        // A client notices that it was cut off when it reads. One that was not, as its requests got responses in between, ends here.
        for (const { socket } of attackers) socket.resume().end();
        const received = await Promise.all(attackers.map(({ received }) => received));
        const responses = received.map((text) => text.split('HTTP/1.1 ').length - 1);
        t.ok(Math.max(...responses) <= MAX_REQUESTS_AT_ONCE, 'no connection got more responses');
        const lines = issuer.lines.slice(linesBefore).filter(({ status, code }) => status || code);
        t.ok(lines.length <= sockets * (MAX_REQUESTS_AT_ONCE + 1) + 1, 'and no more requests were handled');
        t.equal(await statusOf(`${url}/livez`), 200, 'it lives when all of them are cut off');
        t.equal(issuer.child.exitCode, null);
        const took = processorSeconds(pid) - secondsBefore;
        const limit = measureSeconds * measures;
        t.ok(took <= limit, `${took.toFixed(2)} s of processor time, at most ${limit.toFixed(2)}`);
      });
    }

    const peakMib = peakMemoryMib(pid);
    if (peakMib !== undefined) t.ok(peakMib < TASK_MEMORY_MIB, `${peakMib} MiB at most`);
  },
);

interface Attacker {
  readonly socket: Socket;
  /** Once something has come or the connection is closed. */
  readonly responded: Promise<unknown>;
  /** What has come when the connection is closed. */
  readonly received: Promise<string>;
}

/** A client that does not read until it is told to. */
async function connectDeaf(t: Test, url: string): Promise<Attacker> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  // A connection that is reset while it is written to is what this client is to see.
  socket.on('error', () => {});
  const received = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  const responded = Promise.race([received, new Promise((resolve) => socket.once('data', resolve))]);
  // A listener for data would resume it.
  socket.pause();
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return { socket, responded, received };
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { headers: { 'x-api-key': KEY_VALUE } });
  await response.arrayBuffer();
  return response.status;
}

/** The most memory that a process has had; undefined where the system does not say. */
function peakMemoryMib(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kibibytes) / 1024);
}

/** The processor time that a process has used, which other work of the machine does not add to; 0 where the system does not say. */
function processorSeconds(pid: number): number {
  if (process.platform !== 'linux') return 0;
  // proc_pid_stat(5): utime and stime are fields 14 and 15, in clock ticks; the name, field 2, may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}
