import type { ConfigFinding } from './config-checks.ts';
import { redactUserInfo } from './redaction.ts';

export const ORIGIN_EXPECTED =
  'one origin such as "https://www.example.com" (scheme, host, optional port); no "*"';

export const ORIGINS_EXPECTED =
  'origins such as "https://www.example.com" (scheme, host, optional port), separated by commas; no "*"';

/** A browser sends an origin in just one spelling: anything else would never match, and is better reported at the start. */
export function checkOrigins(list: string): ConfigFinding {
  return findingOf(entriesOf(redactUserInfo(list)), ORIGINS_EXPECTED);
}

/** As `checkOrigins`, for one origin. */
export function checkOrigin(origin: string | undefined): ConfigFinding {
  return origin === undefined ? undefined : findingOf([redactUserInfo(origin)], ORIGIN_EXPECTED);
}

/** The entries of a list that is separated by commas. */
export function entriesOf(list: string): string[] {
  return list.split(',').flatMap((entry) => entry.trim() || []);
}

function findingOf(entries: readonly string[], expected: string): ConfigFinding {
  const wrong = entries.filter((entry) => !isOrigin(entry)).map((entry) => JSON.stringify(entry));
  if (wrong.length === 0) return undefined;
  const why = wrong.some((entry) => entry.includes('@')) ? ': an origin has no user and password' : '';
  return `expected ${expected}, got ${wrong.join(', ')}${why}`;
}

function isOrigin(text: string): boolean {
  return /^https?:[^*,]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
