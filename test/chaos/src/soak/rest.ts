import { setTimeout as delay } from 'node:timers/promises';
import { underWay } from '../under-way.ts';
import { redrive } from './dead-letters.ts';
import type { StackUnderSoak } from './stack-under-soak.ts';

/**
 * With all faults off everything must come to rest in this time: what waits longest is a message that has failed seven times, up to
 * eight minutes (RETRY_BACKOFF); a few seconds are usual.
 */
const LIMIT_MS = 10 * 60_000;
const BETWEEN_CHECKS_MS = 250;

export interface Rest {
  /** What did not come to rest. */
  readonly findings: readonly string[];
  /** What had been given up, and why; each was moved back and given one more chance. */
  readonly deadLetters: readonly string[];
}

/** Waits until no event and no message is on its way, moves dead letters back, and waits once more. */
export async function comeToRest(under: StackUnderSoak, reasons: ReadonlyMap<string, string>): Promise<Rest> {
  const deadLetters: string[] = [];
  const findings = await waitForRest(under);
  for (const pair of under.queues) deadLetters.push(...(await redrive(under.sqs, pair, reasons)));
  if (deadLetters.length > 0) findings.push(...(await waitForRest(under)));
  for (const { deadLetterQueue } of under.queues) {
    const left = await under.outside.depthOf(deadLetterQueue);
    if (left > 0) findings.push(`P3: ${left} messages are in ${deadLetterQueue} again, with all faults off`);
  }
  return { findings, deadLetters };
}

async function waitForRest({ stack, outside }: StackUnderSoak): Promise<string[]> {
  const giveUpAtMs = performance.now() + LIMIT_MS;
  for (;;) {
    const left = await underWay(stack, outside);
    if (left === undefined) return [];
    if (performance.now() > giveUpAtMs) return [`P3: ${left} did not come to rest`];
    await delay(BETWEEN_CHECKS_MS);
  }
}
