import { assertSupported } from '@upload-once/table';
import type { ApiKeySecret, KeyWithSecrets } from './api-keys/access-store.ts';
import type { ApiKey, ApiKeySettings } from './api-keys/api-key.ts';
import type { QuotaCounter } from './quotas/quota-counters.ts';

/**
 * The table `access` as it is stored: partition key `id`, sort key `item`, both strings. A key, each value that leads to
 * it, its count of each day, and each idempotency key (idempotency-item.ts) are items of their own. Times are ISO 8601 in
 * UTC with milliseconds.
 */
export const SCHEMA_VERSION = 1;
export const PARTITION_KEY = 'id';

export interface ItemKey {
  readonly id: string;
  readonly item: string;
}

/**
 * To which key a value leads, by its hash; the value itself is nowhere. It opens that key only while it is among the
 * key's `secrets`: without that this item is what a crash has left, and may be written over.
 */
export interface SecretItem extends ItemKey {
  readonly schemaVersion: number;
  readonly keyId: string;
}

/** What opens a key is in the key's own item, so that one conditional write can change all of it. */
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
  readonly secrets: readonly ListedSecret[];
  readonly secretsVersion: number;
}

export interface ListedSecret {
  readonly sha256: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
}

/** How many uploads were issued with one key on one day. */
export interface QuotaItem extends ItemKey {
  readonly schemaVersion: number;
  readonly used: number;
  /** Epoch seconds, for DynamoDB's TTL. */
  readonly deleteAt: number;
}

export function secretItemKey(sha256: string): ItemKey {
  return { id: `secret#${sha256}`, item: 'secret' };
}

/** Apart from the key's own item, so that a role that may count needs no permission to change keys. */
export function quotaItemKey({ keyId, day }: QuotaCounter): ItemKey {
  return { id: `quota#${keyId}`, item: day };
}

export function keyItemKey(keyId: string): ItemKey {
  return { id: `key#${keyId}`, item: 'key' };
}

export function secretItem(keyId: string, sha256: string): SecretItem {
  return { ...secretItemKey(sha256), schemaVersion: SCHEMA_VERSION, keyId };
}

export function listedSecrets(secrets: readonly ApiKeySecret[]): ListedSecret[] {
  return secrets.map(({ sha256, createdAt, expiresAt }) => ({
    sha256,
    createdAt: createdAt.toISOString(),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  }));
}

function secretFrom({ sha256, createdAt, expiresAt }: ListedSecret): ApiKeySecret {
  return {
    sha256,
    createdAt: new Date(createdAt),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
  };
}

export function keyItem({ key, secrets, secretsVersion }: KeyWithSecrets): KeyItem {
  return {
    ...keyItemKey(key.keyId),
    schemaVersion: SCHEMA_VERSION,
    name: key.name,
    ratePerSecond: key.ratePerSecond,
    burst: key.burst,
    ...limitsOf(key),
    createdAt: key.createdAt.toISOString(),
    enabled: key.enabled,
    secrets: listedSecrets(secrets),
    secretsVersion,
  };
}

export function keyWithSecretsFrom(item: KeyItem): KeyWithSecrets {
  const { secrets, secretsVersion } = item;
  return { key: apiKeyFrom(item), secrets: secrets.map(secretFrom), secretsVersion };
}

function apiKeyFrom(item: KeyItem): ApiKey {
  return {
    keyId: item.id.slice(keyItemKey('').id.length),
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

/** The settings of a key. Its item has them under the same names. */
export const SETTINGS = [
  'name',
  'ratePerSecond',
  'burst',
  'dailyQuota',
  'allowedContentTypes',
  'maxBytes',
] as const satisfies readonly (keyof ApiKeySettings & keyof KeyItem)[];

/** @throws UnsupportedSchemaVersion */
export function assertReadable<T extends SecretItem | KeyItem>(item: T): T {
  assertSupported(item, SCHEMA_VERSION, `a ${item.item} item in the table of keys`);
  return item;
}
