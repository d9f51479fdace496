import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { COMPILE_CACHE, startProcess } from '@upload-once/local-stack/child-process.ts';
import { factsOf, type LocalAwsFacts, serviceEnvOf, urlOf } from '@upload-once/local-stack/stack.ts';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { percentile } from './percentile.ts';
import { ratiosOf, shownRatios } from './ratios.ts';
import { machineLine } from './report.ts';
import { residentMib } from './resident-memory.ts';
import { wholeNumber } from './settings.ts';
import { writeResults } from './write-results.ts';

/**
 * How long each service takes from its start to the log line that says where it listens, and what it has in memory then, beside
 * `node -e 0`, in turns. What Node compiled once is there, as in an image.
 */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 7, 50);
const SERVICES = ['url-issuer', 'acceptor', 'processor'] as const;
const BASELINE = 'node -e 0';
const MIB = 1024 * 1024;

const repository = fileURLToPath(new URL('../', import.meta.url));
const run = promisify(execFile);

interface Start {
  readonly ms: number;
  readonly residentMib: number;
}

const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
const localAws = startProcess({
  name: 'local-aws',
  program: join(repository, 'local/aws/src/main.ts'),
  env: { PATH: process.env.PATH ?? '' },
  logFile: join(logFolder, 'local-aws.log'),
});
try {
  const machine = machineLine(new Date());
  const load = loadavg()[0]?.toFixed(1);
  const starts = await measure(await factsOf(localAws));
  process.stdout.write(`${machine}, load average ${load}\n\n${textTable(rowsOf(starts))}\n`);
  await writeResults('start-up', { machine, loadAverage: Number(load), starts });
} finally {
  await localAws.stop();
}
await rm(logFolder, { recursive: true });

async function measure(facts: LocalAwsFacts): Promise<Record<string, Start[]>> {
  const starts = Object.fromEntries([BASELINE, ...SERVICES].map((name) => [name, [] as Start[]]));
  // One round to warm up, which does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, all] of Object.entries(starts)) {
      const start = name === BASELINE ? await startNode() : await startService(name, facts);
      if (round > 0) all.push(start);
    }
  }
  return starts;
}

/** Of the whole process: its memory is asked for at its end. */
async function startNode(): Promise<Start> {
  const startedAtMs = performance.now();
  const { stdout } = await run(process.execPath, ['-e', 'console.log(process.memoryUsage.rss())'], {
    env: COMPILE_CACHE,
  });
  return { ms: performance.now() - startedAtMs, residentMib: Number(stdout) / MIB };
}

async function startService(name: string, facts: LocalAwsFacts): Promise<Start> {
  const { uploadEvents, acceptedEvents } = facts.queues;
  const startedAtMs = performance.now();
  const service = startProcess({
    name,
    program: join(repository, `services/${name}/src/main.ts`),
    env: {
      PATH: process.env.PATH ?? '',
      ...serviceEnvOf(facts),
      QUEUE_URL: name === 'processor' ? acceptedEvents : uploadEvents,
      POLL_WAIT_SECONDS: '1',
    },
    logFile: join(logFolder, `${name}.log`),
  });
  await urlOf(service);
  const start = { ms: performance.now() - startedAtMs, residentMib: await residentMib(service.pid) };
  await service.stop();
  return start;
}

function rowsOf(starts: Readonly<Record<string, readonly Start[]>>): string[][] {
  const all = (name: string, of: keyof Start) => (starts[name] ?? []).map((start) => start[of]);
  const cells = (name: string, of: keyof Start, unit: string) => [
    `${Math.round(percentile(all(name, of), 50))} ${unit}`,
    shownRatios(ratiosOf(all(name, of), all(BASELINE, of))),
  ];
  return [
    [`median of ${ROUNDS}`, 'start', `× ${BASELINE}`, 'memory', `× ${BASELINE}`],
    ...Object.keys(starts).map((name) => [
      name,
      ...cells(name, 'ms', 'ms'),
      ...cells(name, 'residentMib', 'MiB'),
    ]),
  ];
}
