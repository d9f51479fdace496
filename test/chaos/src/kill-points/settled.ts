import { setTimeout as delay } from 'node:timers/promises';
import { underWay } from '../under-way.ts';
import type { Worker } from './scenario.ts';

/** Decides nothing that goes well: it only ends a wait that would last for ever. */
const LIMIT_MS = 120_000;
const COUNTED_LIMIT_MS = 10_000;
const SHOWN_LINES = 8;
const BETWEEN_LOOKS_MS = 100;

/** Resolves when what was counted is written, which takes a second; or without that, after ten: the counts at the end show it. */
export async function untilCounted(worker: Worker): Promise<void> {
  const giveUpAt = Date.now() + COUNTED_LIMIT_MS;
  while (!worker.counts.areWritten(worker) && Date.now() < giveUpAt) await delay(BETWEEN_LOOKS_MS);
}

/**
 * Resolves when no event and no message is on its way any more, or `isEnough` says so.
 * @throws Error after two minutes, with what still is on its way
 */
export async function untilSettled(worker: Worker, isEnough = () => false): Promise<void> {
  const giveUpAt = Date.now() + LIMIT_MS;
  for (;;) {
    const left = await underWay(worker.stack, worker.outside);
    if (left === undefined || isEnough()) return;
    if (Date.now() > giveUpAt) {
      const said = [worker.killed, worker.other].flatMap(({ lines }) =>
        lines.slice(-SHOWN_LINES).map((line) => JSON.stringify(line)),
      );
      throw new Error(`after ${LIMIT_MS / 1000} s there still are ${left}; last said:\n${said.join('\n')}`);
    }
    await delay(BETWEEN_LOOKS_MS);
  }
}
