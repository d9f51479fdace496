import type { Content } from '../content.ts';

/** How the client saw one POST end. */
export const PostOutcome = {
  /** S3 responded that it has the file. */
  stored: 'stored',
  /** S3 responded that it does not. */
  refused: 'refused',
  /** There was no connection, or it broke before the end was sent: S3 must not have it. */
  notSent: 'not-sent',
  /** The upload broke off, or the response leaves the outcome open: the file may be stored now, later, or never. */
  unknown: 'unknown',
} as const;
export type PostOutcome = (typeof PostOutcome)[keyof typeof PostOutcome];

/** One file sent with one form, as the client knows it. */
export interface Post extends Content {
  /** When sending began and when it ended, on one clock that never goes back. */
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: PostOutcome;
  /** With `stored`. */
  readonly versionId?: string | undefined;
}

/** One finished run of the handler, as the handler reported it. */
export interface HandlerRun {
  readonly attempt: number;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** All that happened to one form, as it was seen from outside. */
export interface Entry {
  readonly key: string;
  readonly posts: Post[];
  readonly runs: HandlerRun[];
  /** Its accepted object and what was kept apart were looked at, and removed to make room. */
  isRemoved: boolean;
}

/** Every form that a client got, and what was done with it. */
export interface Ledger {
  readonly entries: ReadonlyMap<string, Entry>;
  /** @throws Error when the key was given before: no two forms are for the same key */
  begin(key: string): Entry;
}

export function createLedger(): Ledger {
  const entries = new Map<string, Entry>();
  return {
    entries,
    begin(key) {
      if (entries.has(key)) throw new Error(`P6: two forms are for the same key, ${key}`);
      const entry: Entry = { key, posts: [], runs: [], isRemoved: false };
      entries.set(key, entry);
      return entry;
    },
  };
}
