import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 120_000;
const BETWEEN_LOOKS_MS = 50;

/**
 * Looks at the deployment from outside until it shows what is waited for. The limit decides no passing test: it only ends one
 * that would wait for ever, with what was last seen.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T>,
  isThere: (seen: T) => boolean,
  { limitMs = LIMIT_MS, betweenLooksMs = BETWEEN_LOOKS_MS } = {},
): Promise<T> {
  const giveUpAt = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (isThere(seen)) return seen;
    if (Date.now() > giveUpAt) throw new Error(`${what} did not come; last seen: ${JSON.stringify(seen)}`);
    await delay(betweenLooksMs);
  }
}
