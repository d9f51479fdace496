import { setTimeout as delay } from 'node:timers/promises';
import { acceptedKeyOf } from '@upload-once/uploads';
import type { Outside } from '../outside.ts';
import { type Judged, judge } from './judge.ts';
import { type Entry, PostOutcome } from './ledger.ts';

/** Between two looks at uploads that are not through yet. */
const BETWEEN_LOOKS_MS = 250;
/** How many are looked at together. */
const AT_ONCE = 8;

export interface Settling {
  /** From now on this upload is looked at until it has come to rest; its POSTs have ended. */
  follow(entry: Entry): void;
  /** What has not come to rest yet: uploads, and the bytes that they keep on disk. */
  readonly waiting: { readonly uploads: number; readonly bytes: number };
  readonly settled: number;
  /** Resolves when at most so many are waiting, or `signal` is aborted. */
  whenAtMost(uploads: number, bytes: number, signal: AbortSignal): Promise<void>;
  /** Ends the looking. Rejects with what looking up failed with. */
  stop(): Promise<void>;
}

/**
 * Judges every upload until nothing is wrong with it, and removes what it left in the bucket, as a user may: so the disk holds only
 * uploads in progress. All are judged again at the end.
 */
export function startSettling(outside: Outside): Settling {
  const waiting = new Set<Entry>();
  const stopping = new AbortController();
  let waitingBytes = 0;
  let settled = 0;
  let looked = Promise.withResolvers<void>();

  async function look(entry: Entry): Promise<void> {
    const judged = await judge(entry, outside);
    if (judged.findings.length > 0) return;
    waiting.delete(entry);
    waitingBytes -= bytesOf(entry);
    settled += 1;
    await remove(entry, judged);
  }

  /** Exactly what was judged: what comes under the key after that is left. */
  async function remove(entry: Entry, { sent, upload }: Judged): Promise<void> {
    if (upload?.acceptedVersionId === undefined) return;
    entry.isRemoved = true;
    await outside.removeVersion(acceptedKeyOf(entry.key), upload.acceptedVersionId);
    for (const { versionId } of sent.versions.slice(1)) await outside.removeVersion(entry.key, versionId);
  }

  async function lookAtAll(): Promise<void> {
    while (!stopping.signal.aborted) {
      const ready = [...waiting].filter(isWorthALook).values();
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (const entry of ready) await look(entry);
        }),
      );
      looked.resolve();
      looked = Promise.withResolvers();
      await delay(BETWEEN_LOOKS_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const looking = lookAtAll();
  // The next call that waits rejects with this error.
  looking.catch(() => undefined);

  return {
    follow(entry) {
      waiting.add(entry);
      waitingBytes += bytesOf(entry);
    },
    get waiting() {
      return { uploads: waiting.size, bytes: waitingBytes };
    },
    get settled() {
      return settled;
    },
    async whenAtMost(uploads, bytes, signal) {
      const aborted = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      const isOver = () => signal.aborted || stopping.signal.aborted;
      while (!isOver() && (waiting.size > uploads || waitingBytes > bytes)) {
        await Promise.race([looked.promise, looking, aborted]);
      }
    },
    async stop() {
      stopping.abort();
      await looking;
    },
  };
}

/** While a handler has yet to run there is nothing to see, and asking all the time would take the machine from those who work. */
function isWorthALook({ posts, runs }: Entry): boolean {
  return runs.length > 0 || posts.every(({ outcome }) => outcome !== PostOutcome.stored);
}

/** A copy shares its source's bytes on this S3's disk. */
function bytesOf({ posts }: Entry): number {
  return posts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
