import { setTimeout as delay } from 'node:timers/promises';
import { messagesIn, redrive } from './dead-letters.ts';
import type { Settling } from './settling.ts';
import type { StackUnderSoak } from './stack-under-soak.ts';

/**
 * With all faults off everything must come to rest in this time: what waits longest is a message that has failed seven times, up to
 * eight minutes (RETRY_BACKOFF); a few seconds are usual.
 */
const LIMIT_MS = 10 * 60_000;
/** With both queues empty nothing happens any more: what is not at rest after some more looks never will be. */
const LAST_LOOKS_MS = 20_000;
const BETWEEN_CHECKS_MS = 250;

export interface Rest {
  /** What did not come to rest. */
  readonly findings: readonly string[];
  /** What had been given up, and why; each was moved back and given one more chance. */
  readonly deadLetters: readonly string[];
}

/** Waits until every upload has come to rest and both queues are empty, moves dead letters back, and waits once more. */
export async function comeToRest(
  under: StackUnderSoak,
  settling: Settling,
  reasons: ReadonlyMap<string, string>,
): Promise<Rest> {
  const findings: string[] = [];
  const deadLetters: string[] = [];
  findings.push(...(await waitForRest(under, settling)));
  for (const pair of under.queues) deadLetters.push(...(await redrive(under.sqs, pair, reasons)));
  if (deadLetters.length > 0) findings.push(...(await waitForRest(under, settling)));
  for (const { deadLetterQueue } of under.queues) {
    const left = await messagesIn(under.sqs, deadLetterQueue);
    if (left > 0) findings.push(`P3: ${left} messages are in ${deadLetterQueue} again, with all faults off`);
  }
  return { findings, deadLetters };
}

async function waitForRest(under: StackUnderSoak, settling: Settling): Promise<string[]> {
  const giveUpAtMs = performance.now() + LIMIT_MS;
  let emptySinceMs: number | undefined;
  for (;;) {
    const messages = await messagesLeft(under);
    const { uploads } = settling.waiting;
    if (messages === 0 && uploads === 0) return [];
    const nowMs = performance.now();
    emptySinceMs = messages === 0 ? (emptySinceMs ?? nowMs) : undefined;
    if (nowMs > giveUpAtMs || (emptySinceMs !== undefined && nowMs - emptySinceMs > LAST_LOOKS_MS)) {
      return [`P3: ${uploads} uploads and ${messages} messages did not come to rest`];
    }
    await delay(BETWEEN_CHECKS_MS);
  }
}

/** Where an event waits for its queue, it is in none yet. */
async function messagesLeft({ sqs, queues, stack }: StackUnderSoak): Promise<number> {
  // On a connection of its own: one that lay idle may be closed at that moment.
  const settled = await fetch(`${stack.endpoints.control}/events/settled`, {
    headers: { connection: 'close' },
  });
  await settled.text();
  const counts = await Promise.all(queues.map(({ queue }) => messagesIn(sqs, queue)));
  return counts.reduce((sum, count) => sum + count, 0);
}
