import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 300_000;
const BETWEEN_LOOKS_MS = 20;

/**
 * Polls from outside until the expected result is there, where no event reports it. The limit decides no passing test: it
 * only ends one that would wait for ever, with the last result.
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
