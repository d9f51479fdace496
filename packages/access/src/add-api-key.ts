import type { AccessStore } from './access-store.ts';
import type { ApiKey, ApiKeySettings } from './api-key.ts';
import { formatApiKey, isMistypedApiKey, KEY_ID_BYTES, SECRET_BYTES } from './api-key-format.ts';
import { assertApiKeySettings } from './api-key-settings.ts';
import { API_KEY_MAX_BYTES, hashApiKey } from './find-api-key.ts';

/** Where a new key goes and what makes it new. */
export interface KeyMaking {
  readonly store: AccessStore;
  /** Cryptographic randomness. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly now: () => Date;
}

/** A value that cannot be imported as a key; `message` says why and never repeats it. */
export class InvalidApiKeyValue extends Error {
  readonly code = 'InvalidApiKeyValue';
}

/**
 * Makes a key and records it. Its value is in the answer and nowhere else: the table has only its hash.
 *
 * @returns when the key is durable and works
 * @throws InvalidApiKeySettings; rejects when the table does not answer: the key may then be there, but nobody has it
 */
export async function createApiKey(
  settings: ApiKeySettings,
  making: KeyMaking,
): Promise<{ value: string; key: ApiKey }> {
  const key = newKey(settings, making);
  const value = formatApiKey(key.keyId, making.randomBytes(SECRET_BYTES));
  await making.store.addKey(key, hashApiKey(value));
  return { value, key };
}

/**
 * Records a value that clients have already, of any form: 1 to 4,096 bytes of printable ASCII, as an HTTP header can
 * carry them (no space at either end: the header would lose it).
 *
 * @returns when the key is durable and works
 * @throws InvalidApiKeyValue, InvalidApiKeySettings, SecretAlreadyInUse when the same value was imported before
 */
export async function importApiKey(
  value: string,
  settings: ApiKeySettings,
  making: KeyMaking,
): Promise<ApiKey> {
  assertImportable(value);
  const key = newKey(settings, making);
  await making.store.addKey(key, hashApiKey(value));
  return key;
}

function newKey(settings: ApiKeySettings, { randomBytes, now }: KeyMaking): ApiKey {
  assertApiKeySettings(settings);
  const keyId = Buffer.from(randomBytes(KEY_ID_BYTES)).toString('hex');
  return { ...settings, keyId, createdAt: now(), enabled: true };
}

function assertImportable(value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes < 1 || bytes > API_KEY_MAX_BYTES) {
    throw new InvalidApiKeyValue(`a key has 1 to ${API_KEY_MAX_BYTES} bytes, this one has ${bytes}`);
  }
  if (!/^[\x20-\x7e]+$/.test(value)) {
    throw new InvalidApiKeyValue('a key is one line of printable ASCII, as an HTTP header can carry it');
  }
  if (value.trim() !== value) throw new InvalidApiKeyValue('a key neither begins nor ends with a space');
  if (isMistypedApiKey(value)) {
    throw new InvalidApiKeyValue(
      'this looks like a key of upload-once, but its checksum is wrong: was it copied whole?',
    );
  }
}
