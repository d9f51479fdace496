import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { COMPILE_CACHE, startProcess } from '@upload-once/local-stack/child-process.ts';
import { factsOf, type LocalAwsFacts, serviceEnvOf, urlOf } from '@upload-once/local-stack/stack.ts';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import type { Compared } from '../compared.ts';
import { machineLine } from '../report.ts';
import { residentMib } from '../resident-memory.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import { NODE, type StartFigure, startUpRows } from './report.ts';

/**
 * How long each service takes from its start to the log line that says where it listens, and what it has in memory then, beside
 * `node -e 0`, in turns. What Node compiled once is there, as in an image.
 */
const ROUNDS = wholeNumber(process.env, 'ROUNDS', 5, 50);
const SERVICES = ['url-issuer', 'acceptor', 'processor'] as const;
const MIB = 1024 * 1024;

const repository = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

type Start = Readonly<Record<StartFigure, number>>;

const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
const localAws = startProcess({
  name: 'local-aws',
  program: join(repository, 'local/aws/src/main.ts'),
  env: { PATH: process.env.PATH ?? '' },
  logFile: join(logFolder, 'local-aws.log'),
});
try {
  const machine = machineLine(new Date());
  const results: Compared<StartFigure> = { machine, results: await measure(await factsOf(localAws)) };
  process.stdout.write(`${machine}\n\n${textTable(startUpRows(results))}\n`);
  await writeResults('start-up', results);
} finally {
  await localAws.stop();
}
await rm(logFolder, { recursive: true });

async function measure(facts: LocalAwsFacts) {
  const results = [NODE, ...SERVICES].map((name) => ({ name, rounds: [] as Start[] }));
  // One round to warm up, which does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { name, rounds } of results) {
      const start = name === NODE ? await startNode() : await startService(name, facts);
      if (round > 0) rounds.push(start);
    }
  }
  return results;
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
