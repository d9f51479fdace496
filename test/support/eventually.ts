import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 300_000;
const BETWEEN_LOOKS_MS = 20;

/**
 * Looks from outside until there is what is waited for, where nothing tells of it. The limit decides no passing test: it
 * only ends one that would wait for ever, with what was last seen.
 */
export async function eventually<T>(look: () => Promise<T>, isThere: (seen: T) => boolean): Promise<T> {
  const giveUpAt = Date.now() + LIMIT_MS;
  for (;;) {
    const seen = await look();
    if (isThere(seen)) return seen;
    if (Date.now() > giveUpAt)
      throw new Error(`what was waited for did not come; last seen: ${JSON.stringify(seen)}`);
    await delay(BETWEEN_LOOKS_MS);
  }
}
