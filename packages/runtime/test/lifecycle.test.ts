import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import {
  NO_CREDENTIALS,
  type OutputLine,
  type ServiceProcess,
  startServiceProcess,
} from '../../../test/support/service-process.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/service.ts', import.meta.url));

/** The fixture as a process of its own, with an environment of its own. */
function run(t: Test, env: Record<string, string>) {
  const service = startServiceProcess(t, FIXTURE, env);
  return {
    ...service,
    async ended() {
      return { ...(await service.ended()), messages: logLines(service).map(({ msg }) => msg) };
    },
  };
}

/** The fixture with these for its standard input, output and error, and a channel. */
function spawnFixture(t: Test, behaviour: string, stdio: StdioOptions) {
  const service = spawn(process.execPath, [FIXTURE], {
    env: { BEHAVIOUR: behaviour, ...NO_CREDENTIALS },
    stdio,
  });
  t.teardown(() => service.kill('SIGKILL'));
  return service;
}

function logLines({ lines }: Pick<ServiceProcess, 'lines'>): OutputLine[] {
  return lines.filter((line) => !('_aws' in line));
}

const ENDS: Record<string, { behaviour: string; signals?: readonly NodeJS.Signals[]; code: number }> = {
  'a signal': { behaviour: 'well', signals: ['SIGTERM'], code: 0 },
  'a second signal': { behaviour: 'drains-for-ever', signals: ['SIGTERM', 'SIGINT'], code: 130 },
  'a stop that fails': { behaviour: 'fails-to-stop', signals: ['SIGTERM'], code: 1 },
  'a start that fails': { behaviour: 'fails-to-start', code: 1 },
  'a violation that the start finds': { behaviour: 'rules', code: 78 },
  'an exception': { behaviour: 'exception', code: 1 },
  'an exception beside a thread that can’t be ended': {
    behaviour: 'exception beside a stuck thread',
    code: 1,
  },
};

t.test('the metrics that were gathered are written before the end', async (t) => {
  for (const [end, { behaviour, signals = [], code }] of Object.entries(ENDS)) {
    const service = run(t, { BEHAVIOUR: behaviour });
    for (const [at, signal] of signals.entries()) {
      await service.logged(at === 0 ? 'fixture started' : 'draining');
      service.signal(signal);
    }
    t.equal((await service.ended()).code, code, end);
    t.equal(service.total('UploadsIssued'), 1, end);
    const line = service.lines.find((line) => 'UploadsIssued' in line);
    t.match(line, { UploadsIssued: [1], Environment: 'default', Service: 'fixture' }, end);
  }
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal}: drains, then exits 0`, async (t) => {
    const service = run(t, { BEHAVIOUR: 'well', DRAIN_LIMIT_SECONDS: '7' });
    await service.logged('fixture started');
    service.signal(signal);
    const { code, stderr } = await service.ended();
    t.equal(code, 0);
    t.equal(stderr, '');
    t.match(logLines(service), [
      { level: 'info', service: 'fixture', msg: 'fixture started' },
      { signal, limitSeconds: 7, msg: 'fixture stops' },
      { limitSeconds: 7, msg: 'draining' },
      { msg: 'fixture stopped' },
    ]);
  });
}

t.test('a full disk under its log does not end it', async (t) => {
  const full = await open('/dev/full', 'w');
  t.teardown(() => full.close());
  const service = spawnFixture(t, 'well', ['ignore', full.fd, 'inherit', 'ipc']);
  const ended = once(service, 'exit');
  await Promise.race([once(service, 'message'), ended]);
  service.kill('SIGTERM');
  t.strictSame(await ended, [0, null]);
});

/** Resolves with the next message of the fixture that says so. */
async function said(service: ChildProcess, text: string): Promise<void> {
  for await (const [message] of on(service, 'message')) if (message === text) break;
}

/** The fixture with a standard output that nothing reads yet. */
async function startUnread(t: Test, behaviour: string) {
  const service = spawnFixture(t, behaviour, ['ignore', 'pipe', 'inherit', 'ipc']);
  const { stdout } = service;
  if (!stdout) throw new Error('the child has a pipe');
  const exited = once(service, 'exit');
  await said(service, 'has logged');
  return { service, stdout, exited };
}

/** The fixture with a pipe that has a name for its standard output, so that more than one reader can open it. */
async function startOnFifo(t: Test, behaviour: string) {
  const fifo = join(t.testdir(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  function openReader(): Socket {
    const reader = new Socket({ fd: openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK) });
    t.teardown(() => reader.destroy());
    return reader;
  }
  const reader = openReader();
  const writer = await open(fifo, 'w');
  const service = spawnFixture(t, behaviour, ['ignore', writer.fd, 'inherit', 'ipc']);
  await writer.close();
  return { service, openReader, reader, fifo };
}

async function* linesOf(stdout: Readable) {
  for await (const line of createInterface({ input: stdout })) yield JSON.parse(line);
}

t.test('a reader that stands still holds nothing up: lines are dropped, and counted', async (t) => {
  const { stdout } = await startUnread(t, 'logs');
  let written = 0;
  for await (const line of linesOf(stdout)) {
    if (line.msg === 'one of many' && line.at === written) written += 1;
    if (line.msg !== 'output was dropped: nothing read it in time') continue;
    t.match(line, { level: 'warn', stream: 'stdout' });
    t.ok(written > 1_000 && written < 10_000, `the first ${written} were written, in order`);
    // Those of the start may be among them.
    t.ok([20_000, 20_001, 20_002].includes(written + line.pieces), `${line.pieces} were dropped`);
    break;
  }
});

/** Has the fixture log this, and resolves when it was written or dropped. */
async function tell(service: ChildProcess, text: string): Promise<void> {
  const logged = said(service, 'has logged');
  service.send(text);
  await logged;
}

t.test('what was not written for an error is counted as dropped', async (t) => {
  const { service, openReader, reader: first } = await startOnFifo(t, 'told to log');
  await said(service, 'has logged');
  await tell(service, 'before');
  first.destroy();
  await once(first, 'close');
  for (const text of ['lost', 'lost', 'lost']) await tell(service, text);
  const second = openReader();
  service.send('after');
  const messages: unknown[] = [];
  for await (const { msg, pieces } of linesOf(second)) {
    messages.push(msg);
    if (pieces === undefined) continue;
    t.equal(pieces, 3);
    break;
  }
  t.strictSame(messages, ['after', 'output was dropped: nothing read it in time']);
});

t.test('a line that was cut off is ended, also when what came behind it was lost', async (t) => {
  const { service, openReader, reader, fifo } = await startOnFifo(t, 'told to log');
  await said(service, 'has logged');
  const unread = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  reader.destroy();
  await once(reader, 'close');
  const begun = said(service, 'begins to log');
  const ended = said(service, 'has logged');
  service.send(Array(10).fill('x'.repeat(10_000)).join('\n'));
  await begun;
  // The pipe has as much as it takes, and nothing takes the rest.
  closeSync(unread);
  await ended;
  await tell(service, 'lost');
  const second = openReader();
  service.send('after');
  const lines: string[] = [];
  for await (const line of createInterface({ input: second })) {
    lines.push(line);
    if (line.endsWith('"after"}')) break;
  }
  const [cutOff, after] = lines.slice(-2);
  t.notOk(cutOff?.endsWith('}'));
  t.equal(JSON.parse(after ?? '').msg, 'after');
});

t.test('all that was dropped is told of before it exits', async (t) => {
  const { service, stdout } = await startUnread(t, 'told to log');
  const LINES = 300;
  const burst = Array(LINES).fill('x'.repeat(10_000)).join('\n');
  for (let round = 0; round < 2; round += 1) {
    const begun = said(service, 'begins to log');
    service.send(burst);
    await begun;
  }
  // The report of the first waits, and all of the second was dropped behind it.
  service.kill('SIGTERM');
  let [written, dropped] = [0, 0];
  for await (const { msg = '', pieces = 0 } of linesOf(stdout)) {
    if (msg.startsWith('xxx')) written += 1;
    dropped += pieces;
  }
  // And the lines about the stop.
  t.ok(dropped >= 2 * LINES - written, `${written} were written and ${dropped} dropped of ${2 * LINES}`);
});

t.test('what standard error does not take is told in the log, once', async (t) => {
  const full = await open('/dev/full', 'w');
  t.teardown(() => full.close());
  const service = spawn(process.execPath, [FIXTURE], {
    env: { BEHAVIOUR: 'told to complain', ...NO_CREDENTIALS },
    stdio: ['ignore', 'pipe', full.fd, 'ipc'],
  });
  t.teardown(() => service.kill('SIGKILL'));
  await said(service, 'has logged');
  for (const text of ['one', 'another']) await tell(service, text);
  service.kill('SIGTERM');
  const reports: unknown[] = [];
  for await (const { stream, pieces } of linesOf(service.stdout as Readable)) {
    if (pieces !== undefined) reports.push({ stream, pieces });
  }
  t.strictSame(reports, Array(2).fill({ stream: 'stderr', pieces: 1 }));
});

t.test('a pipe whose reader stands still holds nothing up, also after a child process had it', async (t) => {
  const { service } = await startOnFifo(t, 'logs behind a child');
  const exited = once(service, 'exit');
  await said(service, 'has logged');
  service.kill('SIGTERM');
  t.strictSame(await exited, [0, null]);
});

t.test('what is printed without an end of its line leaves the lines of others whole', async (t) => {
  const service = spawnFixture(t, 'prints', ['ignore', 'pipe', 'inherit']);
  const lines: string[] = [];
  for await (const line of createInterface({ input: service.stdout as Readable })) {
    lines.push(line);
    if (line.includes('fixture started')) break;
  }
  const printed = lines.filter((line) => !line.includes('UploadsIssued'));
  t.strictSame(
    printed.map((line) => (line.startsWith('{') ? JSON.parse(line).msg : line)),
    [
      'one begins and ends',
      'one begins',
      'a log line',
      'other begins',
      'one begins and ends',
      'fixture started',
    ],
  );
});

t.test('what waits is written before it exits', async (t) => {
  const { stdout, exited } = await startUnread(t, 'logs and fails');
  const messages = (await Array.fromAsync(linesOf(stdout))).map(({ msg }) => msg);
  t.ok(messages.includes('fixture ends after an error that nothing handled'));
  t.strictSame(await exited, [1, null]);
});

t.test('where nothing reads it exits all the same', async (t) => {
  const { service, exited } = await startUnread(t, 'logs');
  service.kill('SIGTERM');
  t.strictSame(await exited, [0, null]);
});

for (const [second, code] of [
  ['SIGTERM', 128 + 15],
  ['SIGINT', 128 + 2],
] as const)
  t.test(`a second signal (${second}): exits at once`, async (t) => {
    const service = run(t, { BEHAVIOUR: 'drains-for-ever' });
    await service.logged('fixture started');
    service.signal('SIGTERM');
    await service.logged('draining');
    service.signal(second);
    t.equal((await service.ended()).code, code);
  });

t.test('a signal while it starts: waits for the start, then stops', async (t) => {
  const service = run(t, { BEHAVIOUR: 'starts-slowly' });
  await service.logged('starting');
  service.signal('SIGTERM');
  const { code, messages } = await service.ended();
  t.equal(code, 0);
  t.strictSame(messages.filter(Boolean), [
    'starting',
    'fixture started',
    'fixture stops',
    'draining',
    'fixture stopped',
  ]);
});

t.test('a stop that does not end: exits 1 after its limit', async (t) => {
  const service = run(t, { BEHAVIOUR: 'stuck', DRAIN_LIMIT_SECONDS: '110' });
  await service.logged('fixture started');
  service.signal('SIGTERM');
  const { code } = await service.ended();
  t.equal(code, 1);
  t.match(logLines(service).at(-1), {
    level: 'fatal',
    limitSeconds: 110,
    msg: 'fixture did not stop in time',
  });
});

t.test('a stop that used up its limit ends in time, although the endpoint of spans hangs', async (t) => {
  const collector = createServer((socket) => socket.on('error', () => undefined).resume());
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => void collector.close());
  const asked = once(collector, 'connection');
  const service = run(t, {
    BEHAVIOUR: 'uses up its limit',
    DRAIN_LIMIT_SECONDS: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  });
  await service.logged('fixture started');
  service.signal('SIGTERM');
  const { code, messages } = await service.ended();
  await asked;
  t.strictSame(messages.filter(Boolean), ['fixture started', 'fixture stops', 'draining', 'fixture stopped']);
  t.equal(code, 0);
});

t.test(
  'lost spans are in the log, in the words of the runbook and without those of the endpoint',
  async (t) => {
    const endpoint = createHttpServer(({ headers }, response) => {
      response.writeHead(403).end(JSON.stringify(headers));
    });
    await once(endpoint.listen(0, '127.0.0.1'), 'listening');
    t.teardown(() => void endpoint.close().closeAllConnections());
    const service = run(t, {
      BEHAVIOUR: 'records a span',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-honeycomb-team=hcaik_SUPERSECRET01',
    });
    await service.logged('fixture started');
    service.signal('SIGTERM');
    t.equal((await service.ended()).code, 0);
    const warnings = logLines(service).filter(({ level }) => level === 'warn');
    t.match(warnings, [
      {
        msg: 'spans could not be exported: traces have gaps',
        err: { code: '403', message: 'the endpoint responded with 403' },
      },
    ]);
    t.equal(warnings.length, 1);
    t.notMatch(JSON.stringify(service.lines), /SUPERSECRET/);
    const page = readFileSync(new URL('../../../docs/traces.md', import.meta.url), 'utf8');
    t.match(page, /"spans could not be exported[:"]/);
  },
);

t.test('a stop that fails: exits 1 and says why', async (t) => {
  const service = run(t, { BEHAVIOUR: 'fails-to-stop' });
  await service.logged('fixture started');
  service.signal('SIGTERM');
  t.equal((await service.ended()).code, 1);
  t.match(logLines(service).at(-1), {
    level: 'fatal',
    msg: 'fixture could not stop cleanly',
    err: { message: 'the queue is gone' },
  });
});

t.test('an error that nothing handles ends the process, also while a thread is stuck', async (t) => {
  const { code } = await run(t, { BEHAVIOUR: 'exception beside a stuck thread' }).ended();
  t.equal(code, 1);
});

t.test(
  'wrong configuration: every violation at once, exit 78, no stack trace, nothing started',
  async (t) => {
    const { code, stderr, messages } = await run(t, {
      CONCURRENCY: '99',
      LOG_LEVEL: 'loud',
      DRAIN_LIMIT_SECONDS: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/v1/traces',
    }).ended();
    t.equal(code, 78);
    t.equal(
      stderr,
      [
        'BEHAVIOUR: expected what to do, but it is not set',
        'CONCURRENCY: expected a whole number from 1 to 64, got "99"',
        'LOG_LEVEL: expected one of "trace", "debug", "info", "warn", "error", got "loud"',
        'DRAIN_LIMIT_SECONDS: expected a whole number of seconds from 1 to 110, got "0"',
        'OTEL_EXPORTER_OTLP_ENDPOINT: expected a URL without /v1/traces, which the service adds, got "http://127.0.0.1:4318/v1/traces": set "http://127.0.0.1:4318"',
        '',
      ].join('\n'),
    );
    t.strictSame(messages, []);
  },
);

t.test(
  'a rule over several variables that start finds broken is a configuration violation as well',
  async (t) => {
    const { code, stderr, messages } = await run(t, { BEHAVIOUR: 'rules' }).ended();
    t.equal(code, 78);
    t.equal(stderr, 'CONCURRENCY: expected fewer slots than sockets, got "4"\n');
    t.strictSame(messages, []);
  },
);

t.test('a start that fails: one clear line, exit 1', async (t) => {
  const service = run(t, { BEHAVIOUR: 'fails-to-start' });
  const { code, stderr, messages } = await service.ended();
  t.equal(code, 1);
  t.equal(stderr, '');
  t.strictSame(messages, ['fixture could not start: the table "uploads" is not there']);
  t.match(service.lines[0], { level: 'fatal', service: 'fixture' });
});

t.test('a start that throws something else than an error, too', async (t) => {
  const { code, messages } = await run(t, { BEHAVIOUR: 'throws-no-error' }).ended();
  t.equal(code, 1);
  t.strictSame(messages, ['fixture could not start: just words']);
});

for (const [behaviour, message] of [
  ['exception', 'boom'],
  ['rejection', 'not awaited, x-api-key: [Redacted]'],
] as const) {
  t.test(`an unhandled ${behaviour}: one fatal line, exit 1`, async (t) => {
    const service = run(t, { BEHAVIOUR: behaviour });
    const { code, stderr } = await service.ended();
    t.equal(code, 1);
    t.equal(stderr, '');
    t.match(logLines(service).at(-1), { level: 'fatal', err: { message } });
  });
}

t.test('a warning of a library is a log line, its secrets redacted, and not on standard error', async (t) => {
  const service = run(t, { BEHAVIOUR: 'warns' });
  const warning = await service.logged('a warning of Node or of a library');
  t.match(warning, {
    level: 'warn',
    err: { name: 'LibraryWarning', message: 'deprecated: x-api-key: [Redacted]' },
  });
  service.signal('SIGTERM');
  const { code, stderr } = await service.ended();
  t.equal(code, 0);
  t.equal(stderr, '');
});

t.test('the log level and the environment come from the configuration', async (t) => {
  const service = run(t, { BEHAVIOUR: 'exception', LOG_LEVEL: 'error', ENVIRONMENT: 'staging' });
  await service.ended();
  t.match(service.lines, [{ level: 'fatal' }, { Environment: 'staging' }]);
  t.equal(service.lines.length, 2);
});

t.test('with METRICS_PORT the metrics are served there, and none stands in the log', async (t) => {
  const port = await freePort();
  const service = run(t, { BEHAVIOUR: 'well', HOST: '127.0.0.1', METRICS_PORT: String(port) });
  await service.logged('fixture started');
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  t.equal(response.status, 200);
  t.match(response.headers.get('content-type'), /^application\/openmetrics-text; version=1\.0\.0/);
  const text = await response.text();
  const labels = '{environment="default",service="fixture"}';
  t.match(text, `\nupload_once_uploads_issued_total${labels} 1\n`);
  t.match(text, /\nupload_once_event_loop_delay_seconds\{[^}]+\} [0-9.]+\n/);
  for (const path of ['/', '/livez', '/metrics/x', '//metrics'])
    t.equal((await fetch(`http://127.0.0.1:${port}${path}`)).status, 404, path);
  t.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status, 404);
  service.signal('SIGTERM');
  t.match(await service.ended(), { code: 0, stderr: '' });
  t.strictSame(
    service.lines.filter((line) => '_aws' in line),
    [],
  );
});

t.test('each of two scrapers sees that the event loop was late, also after a HEAD', async (t) => {
  const port = await freePort();
  const service = run(t, {
    BEHAVIOUR: 'blocks for 300 ms and goes on',
    HOST: '127.0.0.1',
    METRICS_PORT: String(port),
  });
  await service.logged('has been late');
  const url = `http://127.0.0.1:${port}/metrics`;
  await fetch(url, { method: 'HEAD' });
  for (const scraper of ['one', 'other']) {
    const text = await (await fetch(url)).text();
    const [, seconds] = /\nupload_once_event_loop_delay_seconds\{[^}]+\} ([0-9.]+)\n/.exec(text) ?? [];
    t.ok(Number(seconds) >= 0.25, `${scraper}: ${seconds} s`);
  }
  service.signal('SIGTERM');
  await service.ended();
});

t.test('METRICS_PORT that is PORT, no port, or taken: exit 78, by its name', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  for (const [value, message] of [
    ['8080', 'expected another port than PORT, which clients can reach, got 8080'],
    ['0', 'expected a whole number from 1 to 65535, and not PORT, got "0"'],
    [String(port), `expected a port on which nothing listens yet, got ${port}`],
  ] as const) {
    const service = run(t, { BEHAVIOUR: 'well', HOST: '127.0.0.1', METRICS_PORT: value });
    t.match(await service.ended(), { code: 78, stderr: `METRICS_PORT: ${message}\n`, messages: [] });
  }
});

t.test('the event loop of a service that did other work for long was late by as much', async (t) => {
  const service = run(t, { BEHAVIOUR: 'blocks for 300 ms' });
  await service.ended();
  const { EventLoopDelay } = service.lines.find((line) => 'EventLoopDelay' in line) ?? {};
  t.ok(Number(EventLoopDelay) >= 250, `${EventLoopDelay} ms`);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
