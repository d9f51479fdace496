import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type HandlerCall, type HandlerCalls, listenForHandlers } from '../../support/handler-calls.ts';
import { contentOf } from '../src/content.ts';
import { eventFindings } from '../src/kill-points/event-findings.ts';
import { lossesSaidBy } from '../src/kill-points/losses.ts';
import type { Round, Worker } from '../src/kill-points/scenario.ts';
import { assertCounts, assertKillPoints, startWorkers } from './support/kill-points.ts';

const HANDLER = fileURLToPath(
  new URL('../../../services/processor/test/fixtures/call-test.ts', import.meta.url),
);
const WORKERS = 3;

interface Run {
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly text: string;
}

const handlers = await Promise.all(Array.from({ length: WORKERS }, () => listenForHandlers(t)));
const workers = await startWorkers(
  t,
  'processor',
  handlers.map(({ url }) => ({ PROCESSOR_HANDLER: HANDLER, TEST_URL: url })),
);
const handlersOf = new Map<Worker, HandlerCalls>(
  workers.map((worker, at) => [worker, handlers[at] as HandlerCalls]),
);

const ended = new Set<HandlerCall>();

/** The handlers that run are done once the first heartbeat has been sent: it is a call to be killed at like all the others. */
function endHandlers(worker: Worker): void {
  for (const call of handlersOf.get(worker)?.all ?? []) {
    if (!ended.has(call)) call.succeed();
    ended.add(call);
  }
}

/** How often a processor of this worker has lost its time with an upload since it was last asked. */
function countLosses(worker: Worker): number {
  const said = lossesSaidBy(worker.killed);
  const before = losses.get(worker) ?? 0;
  losses.set(worker, said);
  return said - before;
}
const losses = new Map<Worker, number>();

/** At least once, with the same key each time; twice only where the first was killed, or lost its time. */
function runFindings({ worker, sent: { key }, point }: Round): string[] {
  const id = key.replace(/^uploads\//, '');
  const runs = (handlersOf.get(worker)?.all ?? [])
    .map(({ given }) => given as Run & { upload: { id: string } })
    .filter(({ upload }) => upload.id === id);
  const most = (point.signal === 'SIGKILL' ? 2 : 1) + countLosses(worker);
  const findings: string[] = [];
  if (runs.length < 1 || runs.length > most)
    findings.push(`its handler ran ${runs.length} times, not 1 to ${most}`);
  for (const { idempotencyKey, text } of runs) {
    if (idempotencyKey !== id || text !== 'to be handled')
      findings.push(`its handler got ${text} with ${idempotencyKey}`);
  }
  return findings;
}

async function verify(round: Round): Promise<string[]> {
  const { uploads, webhookEvents } = round.worker.outside;
  const upload = await uploads.get(round.sent.key);
  return [...runFindings(round), ...eventFindings(upload, await webhookEvents())];
}

t.test('P3: a handler that runs over a heartbeat, its processor ended at every call', async (t) => {
  await assertKillPoints(t, workers, {
    contents: [contentOf(Buffer.from('to be handled'), 'handled')],
    heartbeats: 1,
    onCall: (worker, { name }) => {
      if (name === 'sqs ChangeMessageVisibility') endHandlers(worker);
    },
    verify,
  });
});

t.test('P4: each upload is counted once over all of it', (t) => assertCounts(t, workers));
