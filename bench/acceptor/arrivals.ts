import { setTimeout as delay } from 'node:timers/promises';

/** Begins `work` so often a second for so long, evenly, whether earlier work has ended or not. Resolves when all of it has ended. */
export async function arrivals<T>(perSecond: number, seconds: number, work: () => Promise<T>): Promise<T[]> {
  const startedAtMs = performance.now();
  const all: Promise<T>[] = [];
  const count = Math.floor(perSecond * seconds);
  for (let number = 0; number < count; number += 1) {
    const dueInMs = startedAtMs + (number * 1_000) / perSecond - performance.now();
    if (dueInMs > 0) await delay(dueInMs);
    all.push(work());
  }
  return Promise.all(all);
}
