import type { ConfigFinding } from './config-checks.ts';

export const ORIGINS_EXPECTED =
  'origins such as "https://www.example.com" (scheme, host, optional port), separated by commas; no "*"';

/** A browser sends an origin in just one spelling: anything else would never match, and is better reported at the start. */
export function checkOrigins(list: string): ConfigFinding {
  const wrong = entriesOf(list).filter(
    (entry) => !/^https?:[^*]+$/.test(entry) || !URL.canParse(entry) || new URL(entry).origin !== entry,
  );
  if (wrong.length === 0) return undefined;
  return `expected ${ORIGINS_EXPECTED}, got ${wrong.map((entry) => JSON.stringify(entry)).join(', ')}`;
}

/** The entries of a list that is separated by commas. */
export function entriesOf(list: string): string[] {
  return list.split(',').flatMap((entry) => entry.trim() || []);
}
