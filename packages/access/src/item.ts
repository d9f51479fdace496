import type { ApiKeySecret } from './access-store.ts';
import type { ApiKey } from './api-key.ts';
import type { QuotaCounter } from './quota-counters.ts';

/**
 * The table `access` as it is stored: partition key `id`, sort key `item`, both strings. A key, each secret that opens
 * it, its count of each day, and each idempotency key (idempotency-item.ts) are items of their own. Times are ISO 8601 in UTC with milliseconds.
 */
export const SCHEMA_VERSION = 2;

/**
 * Version 2 knows limits beyond rate and burst, and values that expire. Only an item that has one of these carries it: a
 * release that would overlook it refuses the item, and all others go on reading each other's.
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
  readonly expiresAt?: string;
  /** When DynamoDB's TTL may remove it, in epoch seconds: some time after it has expired. */
  readonly deleteAt?: number;
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

/** Apart from the key's own item: whoever may count may so be kept from changing keys. */
export function quotaItemKey({ keyId, day }: QuotaCounter): ItemKey {
  return { id: `quota#${keyId}`, item: day };
}

export function keyItemKey(keyId: string): ItemKey {
  return { id: `key#${keyId}`, item: 'key' };
}

/** How long a secret that has expired is still shown in lists. */
const EXPIRED_SECRET_STAYS_SECONDS = 86_400;

export function secretItem(keyId: string, secret: ApiKeySecret): SecretItem {
  return {
    ...secretItemKey(secret.sha256),
    schemaVersion: 1,
    keyId,
    sha256: secret.sha256,
    createdAt: secret.createdAt.toISOString(),
    ...(secret.expiresAt && secretEnd(secret.expiresAt)),
  };
}

/** What in a secret's item says when it expires. */
export function secretEnd(expiresAt: Date) {
  return {
    schemaVersion: 2,
    expiresAt: expiresAt.toISOString(),
    deleteAt: Math.floor(expiresAt.getTime() / 1000) + EXPIRED_SECRET_STAYS_SECONDS,
  };
}

/** In the place of `secretEnd`, for one that does not expire. */
export const NO_SECRET_END = { schemaVersion: 1, expiresAt: undefined, deleteAt: undefined };

export function secretFrom(item: SecretItem): ApiKeySecret {
  return {
    sha256: item.sha256,
    createdAt: new Date(item.createdAt),
    ...(item.expiresAt !== undefined && { expiresAt: new Date(item.expiresAt) }),
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

export function isKeyItem(item: ItemKey): item is KeyItem {
  return item.item === 'key';
}

export function isSecretItem(item: ItemKey): item is SecretItem {
  return item.item === 'secret';
}

export function keyIdOf(item: KeyItem): string {
  return item.id.slice(keyItemKey('').id.length);
}

/** @throws UnsupportedSchemaVersion */
export function assertSupported<T extends SecretItem | KeyItem>(item: T): T {
  if (item.schemaVersion > SCHEMA_VERSION) {
    throw new UnsupportedSchemaVersion(
      `a ${item.item} item in the table of keys has schemaVersion ${item.schemaVersion}, this release reads up to ${SCHEMA_VERSION}`,
    );
  }
  return item;
}
