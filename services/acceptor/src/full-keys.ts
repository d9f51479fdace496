import type { ObservedKind } from '@upload-once/uploads';

/** A key whose evidence is complete: every version but these is surplus, whenever its event comes. */
export interface FullKey {
  readonly kind: ObservedKind;
  /** The versions that stay: the claimed one, or the oldest, and those that are kept as evidence. */
  readonly staying: ReadonlySet<string>;
}

/** Enough for the keys that are flooded at one time. One that is forgotten is read again. */
const MOST_KEYS = 200;

/**
 * What this process knows of keys with surplus, so that the rest of a flood costs no reads. It stays true for good: the state is
 * final as far as the acceptor goes, and the kept versions of a key never change once surplus was counted.
 */
export function createFullKeys() {
  const known = new Map<string, FullKey>();
  return {
    add(key: string, full: FullKey): void {
      known.delete(key);
      known.set(key, full);
      const [oldest] = known.keys();
      if (known.size > MOST_KEYS && oldest !== undefined) known.delete(oldest);
    },
    /** Undefined: the version is one of those that stay, or nothing is known of its key. */
    surplusKindOf({ key, versionId }: { readonly key: string; readonly versionId: string }) {
      const full = known.get(key);
      return full && !full.staying.has(versionId) ? full.kind : undefined;
    },
  };
}
