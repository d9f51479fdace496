import { join } from 'node:path';
import type { Test } from 'tap';
import type { KillSignal } from '../../src/kill-points/kill-point.ts';
import { runKillPoints } from '../../src/kill-points/run-kill-points.ts';
import type { Scenario, Worker } from '../../src/kill-points/scenario.ts';
import { startWorker } from '../../src/kill-points/start-worker.ts';

/** Decides nothing: tap's own, half a minute, would break a file off that runs by itself. */
const LIMIT_MS = 1_200_000;
const SIGNALS: readonly KillSignal[] = ['SIGKILL', 'SIGTERM'];

/** Stacks side by side, ended with the test. Most of a round is waiting for a visibility timeout, so that a few share a core well. */
export async function startWorkers(
  t: Test,
  killed: 'acceptor' | 'processor',
  settings: readonly Readonly<Record<string, string>>[],
): Promise<Worker[]> {
  t.setTimeout(LIMIT_MS);
  const folder = t.testdir();
  return Promise.all(
    settings.map(async (each, at) => {
      const worker = await startWorker({
        killed,
        settings: each,
        logFolder: join(folder, `worker-${at + 1}`),
      });
      t.teardown(() => worker.stop());
      return worker;
    }),
  );
}

/** Runs a scenario with a process that is ended at every call, both ways, and holds it to what was promised. */
export async function assertKillPoints(
  t: Test,
  workers: readonly Worker[],
  scenario: Scenario,
): Promise<void> {
  const { points, findings } = await runKillPoints({ workers, signals: SIGNALS, scenario });
  t.strictSame(findings, []);
  const places = points
    .filter(({ signal, side }) => signal === 'SIGKILL' && side === 'before')
    .map(({ name, occurrence }) => `${name} ${occurrence}`);
  t.ok(places.length > 0);
  t.comment(
    `kill points: ${points.length}: SIGKILL and SIGTERM, before and after each of ${places.join(', ')}`,
  );
}

/** After all scenarios of these workers: what the metrics of all their processes add up to. */
export async function assertCounts(t: Test, workers: readonly Worker[]): Promise<void> {
  for (const worker of workers) {
    for (const service of [worker.killed, worker.other]) if (service.isRunning) await service.stop();
    t.strictSame(worker.counts.findings(worker), []);
  }
}
