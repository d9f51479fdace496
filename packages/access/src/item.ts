import type { ApiKey } from './api-key.ts';

/**
 * The table `access` as it is stored: partition key `id`, sort key `item`, both strings. Quota counters and idempotency
 * keys will be further items beside a key's own. Times are ISO 8601 in UTC with milliseconds.
 */
export const SCHEMA_VERSION = 1;

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
    schemaVersion: SCHEMA_VERSION,
    keyId: key.keyId,
    sha256,
    createdAt: key.createdAt.toISOString(),
  };
}

export function keyItem(key: ApiKey): KeyItem {
  return {
    ...keyItemKey(key.keyId),
    schemaVersion: SCHEMA_VERSION,
    name: key.name,
    ratePerSecond: key.ratePerSecond,
    burst: key.burst,
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
    createdAt: new Date(item.createdAt),
    enabled: item.enabled,
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
