import { type ObjectVersion, type Upload, UploadState } from '@upload-once/uploads';

export type AcceptClaimed = (upload: Upload, claimed: ObjectVersion, signal: AbortSignal) => Promise<void>;

export interface JoinedCopies {
  readonly acceptClaimed: AcceptClaimed;
  /** Whether this process copies the upload of this key right now. */
  isUnderWay(key: string): boolean;
}

/**
 * One copy of an upload at a time within a process: an event that comes while it is under way waits for that one, instead of copying
 * gigabytes once more. A copy ends with the message that it was begun for; when that message is lost, the next one that waits
 * begins again.
 */
export function joinCopies(acceptClaimed: AcceptClaimed): JoinedCopies {
  const underWay = new Map<string, { readonly ended: Promise<void>; readonly signal: AbortSignal }>();

  return {
    async acceptClaimed(upload, claimed, signal) {
      const { key, state } = upload;
      if (state !== UploadState.claimed) return acceptClaimed(upload, claimed, signal);
      for (;;) {
        const other = underWay.get(key);
        if (!other) break;
        try {
          return await unlessAborted(other.ended, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!other.signal.aborted) throw error;
        }
      }
      const ended = acceptClaimed(upload, claimed, signal).finally(() => underWay.delete(key));
      underWay.set(key, { ended, signal });
      return ended;
    },
    isUnderWay: (key) => underWay.has(key),
  };
}

async function unlessAborted(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([ended, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
