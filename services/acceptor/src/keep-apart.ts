import type { ObjectCreated } from '@upload-once/queue';
import type { Logger, MetricName, Metrics } from '@upload-once/runtime';
import {
  createEvidence,
  type ObjectStore,
  ObservedKind,
  type Reports,
  type Tally,
  type Upload,
  type UploadStore,
  uploadIdOf,
} from '@upload-once/uploads';
import { createFullKeys } from './full-keys.ts';
import { hasClaimedBytes } from './has-claimed-bytes.ts';
import { joinByKey } from './join-by-key.ts';
import type { Remove } from './remove-together.ts';

/**
 * By how much the clocks of S3 and of the url-issuer may differ. A version that came within it of the revocation counts as stored
 * before: to look at one too many costs little, and a client that holds a success is not left alone.
 */
const CLOCK_SKEW_MS = 1_000;

const REPORTS: Record<ObservedKind, { metric: MetricName; message: string }> = {
  [ObservedKind.duplicate]: { metric: 'DuplicateUploads', message: 'a form was used again: kept apart' },
  [ObservedKind.refused]: {
    metric: 'RevokedUploads',
    message: 'a version came for a revoked upload: kept apart',
  },
  [ObservedKind.orphan]: {
    metric: 'OrphanObjects',
    message: 'an object that no form was issued for: kept apart',
  },
};
const STORED_BEFORE_REVOCATION = {
  metric: 'StoredBeforeRevocation',
  message:
    'a version that S3 had stored before its upload was revoked: kept apart, its client holds a success',
} as const;

const IDENTICAL = {
  metric: 'IdenticalDuplicates',
  message: 'a form was used again for the same bytes: kept apart',
} as const;

/** A version beyond those that are kept: it is removed already, and not counted yet. */
export interface Surplus {
  readonly key: string;
  readonly kind: ObservedKind;
  /** The version that is no evidence and stays: the claimed one, or the oldest. */
  readonly stayingVersionId: string | undefined;
}

export type KeepApart = ReturnType<typeof createKeepApart>;

/**
 * What the acceptor does with versions that are not accepted. The first `keptDuplicates` of a kind under a key are recorded and
 * reported, and left to the bucket's lifecycle as evidence. Those beyond are removed at once and counted.
 *
 * The claimed version is never removed here: only a version of another id comes here at all once there is a claim, and before it
 * none does. Without a claim (refused versions, orphans) the oldest version of the key stays too, whatever the limit is: it is the
 * one that would have been the upload.
 *
 * A flood of one form is cheap: removals of the same moment and counts of one key that are under way at once are joined, and what is known of a
 * full key is remembered.
 */
export function createKeepApart(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly remove: Remove;
  readonly reports: Reports;
  readonly keptDuplicates: number;
  readonly now: () => Date;
  readonly log: Logger;
  readonly metrics: Metrics;
}) {
  const { uploads, objects, remove, reports, keptDuplicates, now, log, metrics } = options;
  const fullKeys = createFullKeys();
  const evidence = createEvidence({
    uploads,
    reports,
    keptDuplicates,
    now,
    onReported({ key, versionId, sizeBytes, kind, isIdentical }, { storedBeforeRevocation }) {
      const reported = storedBeforeRevocation ? STORED_BEFORE_REVOCATION : REPORTS[kind];
      const { metric, message } = isIdentical ? IDENTICAL : reported;
      metrics.add(metric, 1);
      const outcome = isIdentical ? 'identical-duplicate' : kind;
      log[isIdentical ? 'info' : 'warn'](
        { uploadId: uploadIdOf(key), versionId, sizeBytes, outcome },
        message,
      );
    },
    onCounted({ key, kind, surplus }, count) {
      metrics.add(REPORTS[kind].metric, count);
      const facts = { uploadId: uploadIdOf(key), outcome: kind, count, surplus };
      log.warn(facts, 'versions beyond those that are kept: removed');
    },
  });
  const count = joinByKey<Omit<Surplus, 'stayingVersionId'>, Tally | undefined>({
    most: Number.MAX_SAFE_INTEGER,
    async call(_name, [first, ...others]) {
      return first && evidence.countSurplus(first.key, first.kind, 1 + others.length);
    },
  });
  const findOldest = joinByKey<undefined, string | undefined>({
    most: Number.MAX_SAFE_INTEGER,
    call: async (key) => (await objects.oldestVersion(key))?.versionId,
  });

  const countOne = (key: string, kind: ObservedKind) => count(`${kind}#${key}`, { key, kind });

  return {
    /**
     * Records and reports the version, or removes it. Undefined: it is kept. Otherwise it is removed, and the caller counts it as the
     * last thing before it acknowledges the event: a redelivery counts again.
     * @param upload the item as it was read, where there is one
     */
    async keep(
      event: ObjectCreated,
      kind: ObservedKind,
      upload: Upload | undefined,
    ): Promise<Surplus | undefined> {
      const { key, versionId } = event;
      const observed = {
        key,
        kind,
        version: event,
        ...(kind === ObservedKind.refused && { storedBeforeRevocation: isStoredBefore(event, upload) }),
        ...(kind === ObservedKind.duplicate &&
          upload && { isIdentical: () => hasClaimedBytes(objects, event, upload) }),
      };
      if (await evidence.keep(observed)) return undefined;
      const stayingVersionId = upload?.claimed?.versionId ?? (await findOldest(key, undefined));
      if (versionId === stayingVersionId) {
        await evidence.keepAlways(observed);
        return undefined;
      }
      await remove({ key, versionId });
      return { key, kind, stayingVersionId };
    },

    /** Counts a version that `keep` has removed. From now on `dropKnownSurplus` deals with the rest of a flood. */
    async countSurplus({ key, kind, stayingVersionId }: Surplus): Promise<void> {
      const tally = await countOne(key, kind);
      // An object without an upload: nothing about it is final.
      if (!tally || !stayingVersionId || kind === ObservedKind.orphan) return;
      fullKeys.add(key, { kind, staying: new Set([...tally.keptVersionIds, stayingVersionId]) });
    },

    /** Whether this process knows, without asking, that the version is surplus. */
    isKnownSurplus: (event: ObjectCreated): boolean => fullKeys.surplusKindOf(event) !== undefined,

    /** Removes and counts a version that is known to be surplus. */
    async dropKnownSurplus({ key, versionId }: ObjectCreated): Promise<void> {
      const kind = fullKeys.surplusKindOf({ key, versionId });
      if (kind === undefined) return;
      await remove({ key, versionId });
      await countOne(key, kind);
    },
  };
}

/** A revocation without a time is taken for a late one. */
function isStoredBefore({ storedAt }: ObjectCreated, upload: Upload | undefined): boolean {
  const revokedAtMs = upload?.revokedAt?.getTime() ?? Number.POSITIVE_INFINITY;
  return storedAt.getTime() <= revokedAtMs + CLOCK_SKEW_MS;
}
