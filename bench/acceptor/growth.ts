import { textTable } from '@upload-once/local-stack/text-table.ts';
import { type Counts, difference, sum } from '../metered/counts.ts';
import type { Metered } from '../metered/start-metered.ts';
import { machineLine } from '../report.ts';
import { wholeNumber } from '../settings.ts';
import { writeResults } from '../write-results.ts';
import { measureMemory } from './memory-in-flight.ts';
import { type GrowthFigure, type GrowthResults, growthRows, memoryRows } from './report.ts';
import { type Stage, type Stored, startStage } from './stage.ts';

/**
 * What an upload costs the acceptors as more events wait, and with more acceptors: calls, conditional writes that were refused, and copies
 * that were made twice; and the memory of a message in flight. One event in twenty comes twice, as S3 and SQS may send them.
 */
const WINDOWS = wholeNumber(process.env, 'WINDOWS', 3, 20);
/** Of a window. */
const UPLOADS = 100;
const BACKLOGS = [10, 1_000, 10_000] as const;
const ACCEPTORS = [1, 2, 4] as const;
const REPEATED_ONE_OF = 20;
const SIZE_BYTES = 4_096;
const AWS_SERVICES = ['s3', 'dynamodb', 'sqs'] as const;

type Window = Readonly<Record<GrowthFigure, number>>;

const machine = machineLine(new Date());
const stage = await startStage();
try {
  const memory = await measureMemory(stage, WINDOWS);
  const results: GrowthResults = { machine, results: await measureCases(stage), memory };
  process.stdout.write(
    `${machine}\n\n${textTable(growthRows(results))}\n\n` +
      `  of an upload, without receives that brought nothing; ${WINDOWS} windows of ${UPLOADS} uploads.\n\n` +
      `${textTable(memoryRows(results))}\n`,
  );
  await writeResults('growth', results);
} finally {
  await stage.stop();
}

async function measureCases(stage: Stage): Promise<GrowthResults['results']> {
  const acceptors: Metered[] = [await stage.startAcceptor()];
  const cases: { readonly name: string; readonly rounds: Window[] }[] = [];
  const measureCase = async (backlog: number, nextWindow: () => Promise<void>) => {
    const rounds: Window[] = [];
    for (let count = 0; count < WINDOWS; count += 1)
      rounds.push(await measureWindow(stage, acceptors, nextWindow));
    const name = `${backlog} waiting, ${acceptors.length} acceptor${acceptors.length > 1 ? 's' : ''}`;
    cases.push({ name, rounds });
  };
  const more = () => stage.whenAccepted(stage.accepted() + UPLOADS);

  const [fewest, ...backlogs] = BACKLOGS;
  await measureCase(fewest, async () => {
    for (let sent = 0; sent < UPLOADS; sent += fewest) {
      await stage.send(await eventsOf(stage, fewest));
      await stage.whenIdle();
    }
  });
  let waiting = 0;
  for (const backlog of backlogs) {
    await stage.send(await eventsOf(stage, backlog - waiting));
    waiting = backlog;
    await measureCase(backlog, more);
  }
  for (const count of ACCEPTORS.slice(1)) {
    while (acceptors.length < count) acceptors.push(await stage.startAcceptor());
    await more();
    await measureCase(waiting, more);
  }
  return cases;
}

/** With repeats, some events later, so that another poll gets them. */
async function eventsOf(stage: Stage, count: number): Promise<Stored[]> {
  const keys = await stage.issue(count);
  const events = keys.map((key) => ({ key, version: stage.s3.store(key, SIZE_BYTES) }));
  return events.flatMap((event, at) => {
    const repeated = at % REPEATED_ONE_OF === REPEATED_ONE_OF / 2 - 1 ? events[at - 5] : undefined;
    return repeated ? [event, repeated] : [event];
  });
}

async function measureWindow(
  stage: Stage,
  acceptors: readonly Metered[],
  pass: () => Promise<void>,
): Promise<Window> {
  const look = () => ({
    accepted: stage.accepted(),
    copiesMadeTwice: stage.s3.copiesMadeTwice(),
    counts: sum(acceptors.map((acceptor) => acceptor.counts())),
  });
  const before = look();
  await pass();
  const after = look();
  const uploads = after.accepted - before.accepted;
  const counts = difference(after.counts, before.counts);
  return {
    calls: callsIn(counts) / uploads,
    conflicts: (counts['conditionsFailed'] ?? 0) / uploads,
    copiesMadeTwice: (after.copiesMadeTwice - before.copiesMadeTwice) / uploads,
  };
}

function callsIn(counts: Counts): number {
  const calls = Object.entries(counts).filter(([name]) =>
    AWS_SERVICES.some((service) => name.startsWith(`${service} `)),
  );
  return calls.reduce((total, [, count]) => total + count, 0);
}
