import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type HandlerCall, type HandlerCalls, listenForHandlers } from '../../support/handler-calls.ts';
import { contentOf } from '../src/content.ts';
import { lossesSaidBy } from '../src/kill-points/losses.ts';
import type { Lane, Round } from '../src/kill-points/scenario.ts';
import { assertCounts, assertKillPoints, startLanes } from './support/kill-points.ts';

const HANDLER = fileURLToPath(
  new URL('../../../services/processor/test/fixtures/call-test.ts', import.meta.url),
);
const LANES = 3;

interface Run {
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly text: string;
}

const handlers = await Promise.all(Array.from({ length: LANES }, () => listenForHandlers(t)));
const lanes = await startLanes(
  t,
  'processor',
  handlers.map(({ url }) => ({ PROCESSOR_HANDLER: HANDLER, TEST_URL: url })),
);
const handlersOf = new Map<Lane, HandlerCalls>(lanes.map((lane, at) => [lane, handlers[at] as HandlerCalls]));

const ended = new Set<HandlerCall>();

/** The handlers that run are done once the first heartbeat has been sent: it is a call to be killed at like all the others. */
function endHandlers(lane: Lane): void {
  for (const call of handlersOf.get(lane)?.all ?? []) {
    if (!ended.has(call)) call.succeed();
    ended.add(call);
  }
}

/** How often a processor of this lane has lost its time with an upload since it was last asked. */
function countLosses(lane: Lane): number {
  const said = lossesSaidBy(lane.killed);
  const before = losses.get(lane) ?? 0;
  losses.set(lane, said);
  return said - before;
}
const losses = new Map<Lane, number>();

/** At least once, with the same key each time; twice only where the first was killed, or lost its time. */
function verifyRuns({ lane, sent: { key }, point }: Round): string[] {
  const id = key.replace(/^uploads\//, '');
  const runs = (handlersOf.get(lane)?.all ?? [])
    .map(({ given }) => given as Run & { upload: { id: string } })
    .filter(({ upload }) => upload.id === id);
  const most = (point.signal === 'SIGKILL' ? 2 : 1) + countLosses(lane);
  const findings: string[] = [];
  if (runs.length < 1 || runs.length > most)
    findings.push(`its handler ran ${runs.length} times, not 1 to ${most}`);
  for (const { idempotencyKey, text } of runs) {
    if (idempotencyKey !== id || text !== 'to be handled')
      findings.push(`its handler got ${text} with ${idempotencyKey}`);
  }
  return findings;
}

t.test('P3: a handler that runs over a heartbeat, its processor ended at every call', async (t) => {
  await assertKillPoints(t, lanes, {
    contents: [contentOf(Buffer.from('to be handled'), 'handled')],
    heartbeats: 1,
    onCall: (lane, { name }) => {
      if (name === 'sqs ChangeMessageVisibility') endHandlers(lane);
    },
    verify: verifyRuns,
  });
});

t.test('P4: each upload is counted once over all of it', (t) => assertCounts(t, lanes));
