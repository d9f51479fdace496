// Over 250 lines, and one table: every attribute of an upload's items, as it is written and as it is read.
import { assertSupported } from '@upload-once/table';
import type { VersionName } from '../ports/object-store.ts';
import type { ItemKey } from './item-key.ts';
import { isOfLink, type LinkIndexItem, type LinkItem } from './link-item.ts';
import {
  type Constraints,
  type NewUpload,
  type ObjectVersion,
  type ObservedKind,
  type ObservedVersion,
  type Tally,
  type Upload,
  UploadState,
} from './upload.ts';

/**
 * The table `uploads` as it is stored: partition key `FullFilename`, sort key `item`, so that one Query gives an
 * upload and all that was sent under its key. Times are ISO 8601 in UTC with milliseconds (they sort as text);
 * `deleteAt` is epoch seconds, as DynamoDB TTL wants it. On AWS a service may write just the attributes that
 * terraform/policies.tf names for it: another one is named there first.
 */
export const SCHEMA_VERSION = 1;
const UPLOAD_ITEM = 'upload';
const TALLY_PREFIX = 'tally#';
const REPAIR_PREFIX = 'repair#';

export interface UploadItem extends ItemKey {
  readonly schemaVersion: number;
  readonly state: UploadState;
  readonly apiKeyId: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly constraints: Constraints;
  readonly metadata: Readonly<Record<string, string>>;
  readonly traceparent: string;
  readonly attempt: number;
  readonly deleteAt: number;
  /** Unique to the write that made the item what it is: a retry whose first attempt took effect finds its own. */
  readonly writer: string;
  readonly signatureSeconds?: number;
  readonly clickedAt?: string;
  readonly clickTraceparent?: string;
  readonly versionId?: string;
  readonly eTag?: string;
  readonly sizeBytes?: number;
  readonly storedAt?: string;
  readonly claimedAt?: string;
  readonly revokedAt?: string;
  readonly acceptedVersionId?: string;
  /**
   * The accepted version, until the first attempt begins. That attempt's write names this attribute in its condition, and not
   * `acceptedVersionId`: IAM can't distinguish the two uses of a name, and the processor may not write `acceptedVersionId`.
   */
  readonly versionToProcess?: string;
  readonly acceptedAt?: string;
  readonly filename?: string;
  readonly leaseOwner?: string;
  readonly leaseExpiresAt?: string;
  readonly processedAt?: string;
  readonly failedAt?: string;
  readonly failureReason?: string;
  readonly clientFailureReason?: string;
  readonly adoptedAt?: string;
  readonly adoptedBy?: string;
  readonly adoptionReason?: string;
}

export interface ObservedVersionItem extends ItemKey {
  readonly schemaVersion: number;
  readonly kind: ObservedKind;
  readonly versionId: string;
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly storedAt: string;
  readonly recordedAt: string;
  readonly reported: boolean;
  readonly isIdentical?: true;
  readonly deleteAt: number;
  readonly writer: string;
}

/**
 * How many versions of one kind lie or lay under a key. A partition's last item is the upload's, so this one's name sorts before it.
 */
export interface TallyItem extends ItemKey {
  readonly schemaVersion: number;
  readonly kind: ObservedKind;
  readonly deleteAt: number;
  readonly writer: string;
  /** A string set, absent as long as it is empty. */
  readonly kept?: ReadonlySet<string>;
  readonly surplus?: number;
  readonly surplusReported?: number;
  readonly countedAt?: string;
}

/** When an operator's repair sent the event of a version. It has a partition of its own: no service reads it. */
export interface RepairItem extends ItemKey {
  readonly schemaVersion: number;
  readonly repairSentAt: string;
  readonly deleteAt: number;
}

export type Item = UploadItem | ObservedVersionItem | TallyItem | RepairItem | LinkItem | LinkIndexItem;

export function uploadItemKey(key: string): ItemKey {
  return { FullFilename: key, item: UPLOAD_ITEM };
}

export function observedVersionItemKey(key: string, kind: ObservedKind, versionId: string): ItemKey {
  return { FullFilename: key, item: `${kind}#${versionId}` };
}

export function tallyItemKey(key: string, kind: ObservedKind): ItemKey {
  return { FullFilename: key, item: `${TALLY_PREFIX}${kind}` };
}

export function repairItemKey({ key, versionId }: VersionName): ItemKey {
  return { FullFilename: `${REPAIR_PREFIX}${key}`, item: versionId };
}

export function repairedVersionOf({ FullFilename, item }: RepairItem): VersionName {
  return { key: FullFilename.slice(REPAIR_PREFIX.length), versionId: item };
}

export function isRepairItem(item: Item): item is RepairItem {
  return item.FullFilename.startsWith(REPAIR_PREFIX);
}

export function isUploadItem(item: Item): item is UploadItem {
  return item.item === UPLOAD_ITEM;
}

export function isTallyItem(item: Item): item is TallyItem {
  return item.item.startsWith(TALLY_PREFIX);
}

export function isObservedVersionItem(item: Item): item is ObservedVersionItem {
  return !isUploadItem(item) && !isTallyItem(item) && !isRepairItem(item) && !isOfLink(item);
}

export function issuedItem(upload: NewUpload, deleteAt: number, writer: string): UploadItem {
  return {
    ...uploadItemKey(upload.key),
    schemaVersion: SCHEMA_VERSION,
    state: UploadState.issued,
    apiKeyId: upload.apiKeyId,
    issuedAt: upload.issuedAt.toISOString(),
    expiresAt: upload.expiresAt.toISOString(),
    constraints: upload.constraints,
    metadata: upload.metadata,
    traceparent: upload.traceparent,
    attempt: 0,
    deleteAt,
    writer,
    ...(upload.signatureSeconds !== undefined && { signatureSeconds: upload.signatureSeconds }),
  };
}

export function observedVersionItem(
  key: string,
  kind: ObservedKind,
  version: ObjectVersion,
  written: {
    readonly recordedAt: Date;
    readonly deleteAt: number;
    readonly writer: string;
    readonly isIdentical: boolean;
  },
): ObservedVersionItem {
  return {
    ...observedVersionItemKey(key, kind, version.versionId),
    schemaVersion: SCHEMA_VERSION,
    kind,
    versionId: version.versionId,
    eTag: version.eTag,
    sizeBytes: version.sizeBytes,
    storedAt: version.storedAt.toISOString(),
    recordedAt: written.recordedAt.toISOString(),
    reported: false,
    ...(written.isIdentical && { isIdentical: true }),
    deleteAt: written.deleteAt,
    writer: written.writer,
  };
}

/** @throws UnsupportedSchemaVersion */
export function toUpload(item: UploadItem): Upload {
  assertReadable(item);
  const { versionId, eTag, sizeBytes, storedAt, claimedAt, clickedAt, clickTraceparent } = item;
  const { adoptedAt, adoptedBy, adoptionReason } = item;
  const isClaimed =
    versionId !== undefined &&
    eTag !== undefined &&
    sizeBytes !== undefined &&
    storedAt !== undefined &&
    claimedAt !== undefined;
  return {
    key: item.FullFilename,
    state: item.state,
    apiKeyId: item.apiKeyId,
    issuedAt: new Date(item.issuedAt),
    expiresAt: new Date(item.expiresAt),
    constraints: item.constraints,
    metadata: item.metadata,
    traceparent: item.traceparent,
    attempt: item.attempt,
    ...(clickedAt !== undefined &&
      clickTraceparent !== undefined && {
        traceparent: clickTraceparent,
        click: { at: new Date(clickedAt), createdTraceparent: item.traceparent },
      }),
    ...(item.signatureSeconds !== undefined && { signatureSeconds: item.signatureSeconds }),
    ...(isClaimed && {
      claimed: { versionId, eTag, sizeBytes, storedAt: new Date(storedAt), claimedAt: new Date(claimedAt) },
    }),
    ...(item.revokedAt !== undefined && { revokedAt: new Date(item.revokedAt) }),
    ...(item.acceptedVersionId !== undefined && { acceptedVersionId: item.acceptedVersionId }),
    ...(item.acceptedAt !== undefined && { acceptedAt: new Date(item.acceptedAt) }),
    ...(item.filename !== undefined && { filename: item.filename }),
    ...(item.leaseOwner !== undefined && { leaseOwner: item.leaseOwner }),
    ...(item.leaseExpiresAt !== undefined && { leaseExpiresAt: new Date(item.leaseExpiresAt) }),
    ...(item.processedAt !== undefined && { processedAt: new Date(item.processedAt) }),
    ...(item.failedAt !== undefined && { failedAt: new Date(item.failedAt) }),
    ...(item.failureReason !== undefined && { failureReason: item.failureReason }),
    ...(item.clientFailureReason !== undefined && { clientFailureReason: item.clientFailureReason }),
    ...(adoptedAt !== undefined &&
      adoptedBy !== undefined &&
      adoptionReason !== undefined && {
        adopted: { at: new Date(adoptedAt), by: adoptedBy, reason: adoptionReason },
      }),
  };
}

/** @throws UnsupportedSchemaVersion */
export function toObservedVersion(item: ObservedVersionItem): ObservedVersion {
  assertReadable(item);
  return {
    key: item.FullFilename,
    kind: item.kind,
    versionId: item.versionId,
    eTag: item.eTag,
    sizeBytes: item.sizeBytes,
    storedAt: new Date(item.storedAt),
    recordedAt: new Date(item.recordedAt),
    reported: item.reported,
    ...(item.isIdentical && { isIdentical: true }),
  };
}

/** @throws UnsupportedSchemaVersion */
export function toTally(item: TallyItem): Tally {
  assertReadable(item);
  return {
    key: item.FullFilename,
    kind: item.kind,
    keptVersionIds: item.kept ?? new Set(),
    surplus: item.surplus ?? 0,
    surplusReported: item.surplusReported ?? 0,
    ...(item.countedAt !== undefined && { countedAt: new Date(item.countedAt) }),
  };
}

function assertReadable(item: Item): void {
  assertSupported(item, SCHEMA_VERSION, `item ${item.item} of ${item.FullFilename}`);
}
