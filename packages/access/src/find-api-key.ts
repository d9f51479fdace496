import { createHash, timingSafeEqual } from 'node:crypto';
import type { AccessStore } from './access-store.ts';
import type { ApiKey } from './api-key.ts';

/** A longer value is refused unread. Imported keys may be as long as this. */
export const API_KEY_MAX_BYTES = 4096;

/**
 * SHA-256 of the value's UTF-8 bytes, 64 lower-case hexadecimal digits. A plain hash, because keys that are made here
 * have 160 random bits: there is nothing to guess. An imported value is as strong as whoever chose it made it.
 */
export function hashApiKey(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

/**
 * The enabled key that a presented value opens. Missing, empty and overlong values are refused before the table is
 * asked; the hash that it answers with is compared in constant time, whatever it looked up by.
 *
 * @returns undefined for every value that opens nothing: missing, unknown, disabled, all the same to the caller
 * Rejects when the table does not answer.
 */
export async function findApiKey(
  store: AccessStore,
  presentedValue: string | undefined,
): Promise<ApiKey | undefined> {
  if (presentedValue === undefined || presentedValue === '') return undefined;
  if (Buffer.byteLength(presentedValue) > API_KEY_MAX_BYTES) return undefined;
  const presentedSha256 = hashApiKey(presentedValue);
  const found = await store.findBySecret(presentedSha256);
  if (!found?.key.enabled) return undefined;
  return isSameHash(found.secretSha256, presentedSha256) ? found.key : undefined;
}

function isSameHash(recorded: string, presented: string): boolean {
  const recordedBytes = Buffer.from(recorded, 'hex');
  const presentedBytes = Buffer.from(presented, 'hex');
  return recordedBytes.length === presentedBytes.length && timingSafeEqual(recordedBytes, presentedBytes);
}
