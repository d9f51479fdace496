import type { Clock } from '@upload-once/clock';
import type { Logger } from '@upload-once/runtime';
import type { Upload, VersionName } from '@upload-once/uploads';
import type { Remove } from './remove-together.ts';

/** How long after a URL's expiry its upload is removed: for clocks that differ, and for a second PUT that began in time. */
const AFTER_EXPIRY_MS = 3_600_000;
/** Uploads of the same minute are removed together. */
const MINUTE_MS = 60_000;
/** 22 MiB of heap. */
const MOST_REMEMBERED = 100_000;

export type RemoveAfterExpiry = (version: VersionName, expiresAt: Date) => Promise<void>;

/**
 * When the last URL of a claimed upload expires. A link's upload is signed anew until its link's end, which can be weeks away. But each
 * signature has a date from before a read that found the upload ISSUED, and so from before the claim.
 */
export function lastExpiryOf({ expiresAt, signatureSeconds, claimed }: Upload): Date {
  if (signatureSeconds === undefined || !claimed) return expiresAt;
  return new Date(claimed.claimedAt.getTime() + signatureSeconds * 1000);
}

/**
 * Removes the upload of a presigned PUT when no valid URL is left: as long as its version lies there, S3 refuses a second PUT. Before
 * that it is only remembered, and no event waits for it. What is forgotten (the process ends, a removal fails, more than 100,000 are
 * remembered) is left to the lifecycle. No promise needs the removal: the acceptance is on record.
 */
export function removeAfterExpiry(options: {
  readonly remove: Remove;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Logger;
}): RemoveAfterExpiry {
  const { remove, clock, log } = options;
  /** By the minute in which they are removed, then by version id: a redelivery is the same one. */
  const remembered = new Map<number, Map<string, VersionName>>();
  let count = 0;

  async function removeAll(minute: number): Promise<void> {
    const versions = [...(remembered.get(minute)?.values() ?? [])];
    remembered.delete(minute);
    count -= versions.length;
    const results = await Promise.allSettled(versions.map(remove));
    const failures = results.filter((result) => result.status === 'rejected');
    const [first] = failures;
    if (!first) return;
    log.warn(
      { err: first.reason, count: failures.length },
      'uploads of presigned PUTs left to the lifecycle',
    );
  }

  return async (version, expiresAt) => {
    const minute = Math.ceil((expiresAt.getTime() + AFTER_EXPIRY_MS) / MINUTE_MS);
    const delayMs = minute * MINUTE_MS - clock.now().getTime();
    if (delayMs <= 0) return remove(version);
    const together = remembered.get(minute) ?? new Map<string, VersionName>();
    if (count >= MOST_REMEMBERED || together.has(version.versionId)) return;
    if (together.size === 0) {
      remembered.set(minute, together);
      clock.after(delayMs, () => void removeAll(minute));
    }
    together.set(version.versionId, version);
    count += 1;
  };
}
