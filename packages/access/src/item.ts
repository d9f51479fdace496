import type { ApiKey } from './api-key.ts';

/**
 * The table `access` as it is stored: partition key `id`, sort key `item`, both strings. Quota counters and idempotency
 * keys will be further items beside a key's own. Times are ISO 8601 in UTC with milliseconds.
 */
export const SCHEMA_VERSION = 2;

/**
 * Version 2 knows limits beyond rate and burst. Only an item that has one carries it: a release that would not hold the
 * key to that limit refuses the item, and all others go on reading each other's.
 */
const KEY_LIMITS_OF_VERSION_2 = ['dailyQuota', 'allowedContentTypes', 'maxBytes'] as const;

export interface ItemKey {
  readonly id: string;
  readonly item: string;
}

/** Which key a value opens. The value itself is nowhere. */
export interface SecretItem extends ItemKey {
  readonly schemaVersion: number;
  readonly keyId: string;
  readonly sha256: string;
  readonly createdAt: string;
}

export interface KeyItem extends ItemKey {
  readonly schemaVersion: number;
  readonly name: string;
  readonly ratePerSecond: number;
  readonly burst: number;
  readonly dailyQuota?: number;
  readonly allowedContentTypes?: readonly string[];
  readonly maxBytes?: number;
  readonly createdAt: string;
  readonly enabled: boolean;
}

/** The item was written by a later release than this one; reading on would be guessing. */
export class UnsupportedSchemaVersion extends Error {
  readonly code = 'UnsupportedSchemaVersion';
}

export function secretItemKey(sha256: string): ItemKey {
  return { id: `secret#${sha256}`, item: 'secret' };
}

export function keyItemKey(keyId: string): ItemKey {
  return { id: `key#${keyId}`, item: 'key' };
}

export function secretItem(key: ApiKey, sha256: string): SecretItem {
  return {
    ...secretItemKey(sha256),
    schemaVersion: 1,
    keyId: key.keyId,
    sha256,
    createdAt: key.createdAt.toISOString(),
  };
}

export function keyItem(key: ApiKey): KeyItem {
  return {
    ...keyItemKey(key.keyId),
    schemaVersion: KEY_LIMITS_OF_VERSION_2.some((limit) => key[limit] !== undefined) ? 2 : 1,
    name: key.name,
    ratePerSecond: key.ratePerSecond,
    burst: key.burst,
    ...limitsOf(key),
    createdAt: key.createdAt.toISOString(),
    enabled: key.enabled,
  };
}

export function apiKeyFrom(keyId: string, item: KeyItem): ApiKey {
  return {
    keyId,
    name: item.name,
    ratePerSecond: item.ratePerSecond,
    burst: item.burst,
    ...limitsOf(item),
    createdAt: new Date(item.createdAt),
    enabled: item.enabled,
  };
}

function limitsOf({ dailyQuota, allowedContentTypes, maxBytes }: ApiKey | KeyItem) {
  return {
    ...(dailyQuota !== undefined && { dailyQuota }),
    ...(allowedContentTypes !== undefined && { allowedContentTypes: [...allowedContentTypes] }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}

/** @throws UnsupportedSchemaVersion */
export function assertSupported(item: SecretItem | KeyItem): void {
  if (item.schemaVersion > SCHEMA_VERSION) {
    throw new UnsupportedSchemaVersion(
      `a ${item.item} item in the table of keys has schemaVersion ${item.schemaVersion}, this release reads up to ${SCHEMA_VERSION}`,
    );
  }
}
