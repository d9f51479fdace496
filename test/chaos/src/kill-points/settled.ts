import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from './scenario.ts';

/** Decides nothing that goes well: it only ends a wait that would last for ever. */
const LIMIT_MS = 120_000;
const SHOWN_LINES = 8;
const BETWEEN_LOOKS_MS = 100;

/**
 * Resolves when no event and no message is on its way any more, or `isEnough` says so.
 * @throws Error after two minutes, with what still is on its way
 */
export async function untilSettled(worker: Worker, isEnough = () => false): Promise<void> {
  const giveUpAt = Date.now() + LIMIT_MS;
  for (;;) {
    const left = await firstUnderWay(worker);
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

/** In the order of the way: what has passed one place can only be at a later one. */
async function firstUnderWay({ stack, outside }: Worker): Promise<string | undefined> {
  const { control } = stack.endpoints;
  if ((await unsentEvents(control)) > 0) return 'events that S3 has not sent';
  if ((await outside.depthOf(stack.queues.uploadEvents)) > 0) return 'messages for the acceptor';
  if ((await unsentEvents(control)) > 0) return 'events that S3 has not sent';
  if ((await outside.depthOf(stack.queues.acceptedEvents)) > 0) return 'messages for the processor';
  return undefined;
}

async function unsentEvents(controlUrl: string): Promise<number> {
  const answer = await fetch(`${controlUrl}/events/held?atLeast=0`);
  return ((await answer.json()) as { unsent: number }).unsent;
}
