import type { Clock } from '@upload-once/clock';
import { gather } from '@upload-once/queue';
import { MOST_DELETED_AT_ONCE, type ObjectStore, type VersionName } from '@upload-once/uploads';

/** How long the first version waits for company. Whatever is removed has its outcome on record already. */
const REMOVE_AFTER_MS = 50;

/** Removes exactly that version, for good. A version that is gone already is no error. */
export type Remove = (version: VersionName) => Promise<void>;

/**
 * Removes versions of any keys in one call where they come within 50 milliseconds. Each removal has a result of its own: one that S3
 * refuses fails no other, so that only its own event comes again.
 */
export function removeTogether(options: {
  readonly objects: Pick<ObjectStore, 'deleteVersions'>;
  readonly clock: Pick<Clock, 'after'>;
}): Remove {
  const { objects, clock } = options;

  async function removeAll(batch: readonly Removal[]): Promise<void> {
    try {
      const failures = await objects.deleteVersions(batch.map(({ version }) => version));
      for (const [at, { ended }] of batch.entries()) {
        const failure = failures.get(at);
        if (failure) ended.reject(failure);
        else ended.resolve();
      }
    } catch (error) {
      for (const { ended } of batch) ended.reject(error);
    }
  }

  const enqueue = gather<Removal>(clock, (batch) => void removeAll(batch), {
    most: MOST_DELETED_AT_ONCE,
    afterMs: REMOVE_AFTER_MS,
  });
  return (version) => {
    const ended = Promise.withResolvers<void>();
    enqueue({ version, ended });
    return ended.promise;
  };
}

interface Removal {
  readonly version: VersionName;
  readonly ended: PromiseWithResolvers<void>;
}
