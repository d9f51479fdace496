import { assertSupported } from '@upload-once/table';
import type { ItemKey } from '../item.ts';
import { IDEMPOTENCY_SECONDS, type IdempotencyKey, type IdempotencyRecord } from './idempotency-store.ts';

const IDEMPOTENCY_SCHEMA_VERSION = 1;

/**
 * An idempotency key as the table `access` has it. Its partition is not the API key's, so that a role can write here without
 * permission to write keys (IAM's condition dynamodb:LeadingKeys applies to partitions only).
 */
export interface IdempotencyItem extends ItemKey {
  readonly schemaVersion: number;
  readonly requestSha256: string;
  readonly uploadKey: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly writer: string;
  readonly ownedUntil?: string;
  /** Epoch seconds, for DynamoDB's TTL, which may be days late: from here on the item counts as gone. */
  readonly deleteAt: number;
}

export function idempotencyItemKey({ apiKeyId, sha256 }: IdempotencyKey): ItemKey {
  return { id: `idempotency#${apiKeyId}#${sha256}`, item: 'idempotency' };
}

export function idempotencyItem(key: IdempotencyKey, record: IdempotencyRecord): IdempotencyItem {
  return {
    ...idempotencyItemKey(key),
    schemaVersion: IDEMPOTENCY_SCHEMA_VERSION,
    requestSha256: record.requestSha256,
    uploadKey: record.uploadKey,
    issuedAt: record.issuedAt.toISOString(),
    expiresAt: record.expiresAt.toISOString(),
    writer: record.writer,
    ...(record.ownedUntil && { ownedUntil: record.ownedUntil.toISOString() }),
    deleteAt: Math.ceil(record.issuedAt.getTime() / 1000) + IDEMPOTENCY_SECONDS,
  };
}

/** @throws UnsupportedSchemaVersion */
export function idempotencyRecordFrom(item: IdempotencyItem): IdempotencyRecord {
  assertSupported(item, IDEMPOTENCY_SCHEMA_VERSION, 'an idempotency item in the table of keys');
  return {
    requestSha256: item.requestSha256,
    uploadKey: item.uploadKey,
    issuedAt: new Date(item.issuedAt),
    expiresAt: new Date(item.expiresAt),
    writer: item.writer,
    ...(item.ownedUntil !== undefined && { ownedUntil: new Date(item.ownedUntil) }),
  };
}
