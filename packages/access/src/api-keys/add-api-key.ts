import { formatApiKey, isMistypedApiKey, KEY_ID_BYTES, SECRET_BYTES } from '@upload-once/text/api-key-format';
import type { AccessStore } from './access-store.ts';
import type { ApiKey, ApiKeySettings } from './api-key.ts';
import { assertApiKeySettings } from './api-key-settings.ts';
import { API_KEY_MAX_BYTES, hashApiKey } from './hash-api-key.ts';

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
 * Makes a key and records it. Only the result contains its value: the table has only its hash.
 *
 * @param beforeWrite is called with the key before any of it is in the table: from then on it may be there
 * @returns when the key is durable and works
 * @throws InvalidApiKeySettings; rejects when the table does not respond: the key may then be there, but its value is lost
 */
export async function createApiKey(
  settings: ApiKeySettings,
  making: KeyMaking,
  beforeWrite: (key: ApiKey) => void = () => undefined,
): Promise<{ value: string; key: ApiKey }> {
  const key = newKey(settings, making);
  const value = formatApiKey(key.keyId, making.randomBytes(SECRET_BYTES));
  beforeWrite(key);
  await making.store.addKey(key, hashApiKey(value));
  return { value, key };
}

/**
 * Records a value that clients have already, of any form that an HTTP header can carry (RFC 9110, 5.5): 1 to 4,096 bytes,
 * none of them a control character but the tab, and neither blank nor tab at either end, where the header would lose it.
 *
 * @param value one character for each byte; see `hashApiKey`
 * @param beforeWrite as for `createApiKey`
 * @returns when the key is durable and works
 * @throws InvalidApiKeyValue, InvalidApiKeySettings, SecretAlreadyInUse when the same value was imported before
 */
export async function importApiKey(
  value: string,
  settings: ApiKeySettings,
  making: KeyMaking,
  beforeWrite: (key: ApiKey) => void = () => undefined,
): Promise<ApiKey> {
  assertImportable(value);
  const key = newKey(settings, making);
  beforeWrite(key);
  await making.store.addKey(key, hashApiKey(value));
  return key;
}

function newKey(settings: ApiKeySettings, { randomBytes, now }: KeyMaking): ApiKey {
  assertApiKeySettings(settings);
  const keyId = Buffer.from(randomBytes(KEY_ID_BYTES)).toString('hex');
  return { ...settings, keyId, createdAt: now(), enabled: true };
}

function assertImportable(value: string): void {
  if (value.length < 1 || value.length > API_KEY_MAX_BYTES) {
    throw new InvalidApiKeyValue(`a key has 1 to ${API_KEY_MAX_BYTES} bytes, this one has ${value.length}`);
  }
  if (value.startsWith('\xef\xbb\xbf')) {
    throw new InvalidApiKeyValue(
      'the key begins with a byte order mark, which no client sends: save it without one',
    );
  }
  if (!/^[\t\x20-\x7e\x80-\xff]+$/.test(value)) {
    throw new InvalidApiKeyValue(
      'a key is one line without control characters, as an HTTP header can carry it',
    );
  }
  if (/^[ \t]|[ \t]$/.test(value)) {
    throw new InvalidApiKeyValue('a key neither begins nor ends with a blank or a tab');
  }
  if (isMistypedApiKey(value)) {
    throw new InvalidApiKeyValue(
      'this begins like a key of upload-once, but its checksum is wrong. Copy the whole key, and nothing else',
    );
  }
}
