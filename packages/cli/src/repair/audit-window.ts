const SECONDS_PER_DAY = 86_400;

/** Which moments an audit judges. */
export interface AuditWindow {
  /** What happened less than this before the audit began may still be under way. */
  isDue(since: Date): boolean;
  /**
   * A version that was stored so long ago that its item may have been deleted as `deleteAt` says: nothing is known about it.
   * Objects under `accepted/` can outlive their items by years, and are no orphans for that.
   */
  isForgotten(storedAt: Date): boolean;
}

/**
 * @param olderThanSeconds 0 or more
 * @param recordRetentionSeconds how long an item outlives its last transition, and so the version that it speaks of; a day of it is
 * given away, for clocks and for the time that an audit takes
 */
export function auditWindow(
  startedAt: Date,
  olderThanSeconds: number,
  recordRetentionSeconds: number,
): AuditWindow {
  const dueMs = startedAt.getTime() - olderThanSeconds * 1000;
  const forgottenMs = startedAt.getTime() - (recordRetentionSeconds - SECONDS_PER_DAY) * 1000;
  return {
    isDue: (since) => since.getTime() <= dueMs,
    isForgotten: (storedAt) => storedAt.getTime() <= forgottenMs,
  };
}
