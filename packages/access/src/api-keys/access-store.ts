import type { ApiKey, ApiKeySettings } from './api-key.ts';

/** A secret's record together with the key that it opens. */
export interface KeyBySecret {
  /** As recorded: what the presented value's hash is compared with. */
  readonly secretSha256: string;
  /** From then on it opens nothing; undefined: it does not end. */
  readonly secretExpiresAt?: Date;
  readonly key: ApiKey;
}

/** One of the values that open a key, by its hash. */
export interface ApiKeySecret {
  readonly sha256: string;
  readonly createdAt: Date;
  readonly expiresAt?: Date;
}

export interface KeyWithSecrets {
  readonly key: ApiKey;
  /**
   * In the order in which they were added, whatever the clocks of those who did so said. Those that have expired are among
   * them until the next rotation.
   */
  readonly secrets: readonly ApiKeySecret[];
  /** Which state of that list this is: every change of it gives it another. */
  readonly secretsVersion: number;
}

/** This value is a key already, enabled or not. */
export class SecretAlreadyInUse extends Error {
  readonly code = 'SecretAlreadyInUse';
}

/** There is no key with this id. */
export class UnknownApiKey extends Error {
  readonly code = 'UnknownApiKey';

  constructor(keyId: string) {
    super(`there is no key with the id ${JSON.stringify(keyId)}`);
  }
}

/** There is another key with this id: the random part was not random. */
export class ApiKeyIdAlreadyInUse extends Error {
  readonly code = 'ApiKeyIdAlreadyInUse';
}

/** The values of this key have changed since they were read: another command has changed them. */
export class SecretsChanged extends Error {
  readonly code = 'SecretsChanged';

  constructor(keyId: string) {
    super(`the values of the key ${keyId} were changed by another command at the same time`);
  }
}

/** The settings of this key have changed since they were read: another command has changed them. */
export class ApiKeySettingsChanged extends Error {
  readonly code = 'ApiKeySettingsChanged';

  constructor(keyId: string) {
    super(
      `the limits of the key ${keyId} were changed by another command at the same time; look at them and try again`,
    );
  }
}

/**
 * The table `access`. Every read is strongly consistent, so that a key works once `addKey` has resolved and a disabled
 * one no longer does. Calls reject when the table does not respond; a write may then have taken effect or not.
 */
export interface AccessStore {
  /**
   * Records a key and the hash of the one value that opens it. Durable and usable when it resolves; until then, and
   * when it rejects, the value opens nothing, wherever it was cut short. Exactly one of any number of
   * concurrent calls with the same hash resolves.
   *
   * @param secretSha256 SHA-256 of the value, 64 lower-case hexadecimal digits
   * @throws SecretAlreadyInUse, ApiKeyIdAlreadyInUse
   */
  addKey(key: ApiKey, secretSha256: string): Promise<void>;

  /** The key that a secret opens, enabled or not; undefined when there is none. */
  findBySecret(secretSha256: string): Promise<KeyBySecret | undefined>;

  /**
   * All keys, in the order in which they were made. Reads the whole table, with every counter and idempotency key that is in it:
   * for operators, not for requests.
   */
  listKeys(): Promise<readonly KeyWithSecrets[]>;

  /** @throws UnknownApiKey */
  getKey(keyId: string): Promise<KeyWithSecrets>;

  /**
   * Puts other values in the place of those that a key had when it was read. One conditional write decides: of any number
   * of changes at once to what was read, one takes effect. What it removes opens nothing any more; what it adds is usable
   * when the call resolves.
   *
   * @returns the key as it stands then
   * @throws SecretsChanged and UnknownApiKey: nothing was done; SecretAlreadyInUse for an added value: it opens nothing here
   */
  changeSecrets(found: KeyWithSecrets, secrets: readonly ApiKeySecret[]): Promise<KeyWithSecrets>;

  /**
   * Puts other settings in the place of those that a key had when it was read, by one conditional write. Its values, and whether it is
   * enabled, stay as they are.
   * @returns the key as it is now
   * @throws ApiKeySettingsChanged and UnknownApiKey: nothing was done
   */
  changeSettings(found: ApiKey, settings: ApiKeySettings): Promise<ApiKey>;

  /** @returns the key as it is now. @throws UnknownApiKey */
  setEnabled(keyId: string, enabled: boolean): Promise<ApiKey>;

  /**
   * Removes a key and all that opens it. It is disabled first: cut short, it leaves a key that nothing opens, and a second
   * call removes it.
   * @throws UnknownApiKey
   */
  deleteKey(keyId: string): Promise<void>;

  /** Resolves when the table responds; for readiness. */
  ping(signal?: AbortSignal): Promise<void>;
}
