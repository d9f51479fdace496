import type { ApiKey } from './api-key.ts';

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
  /** The oldest first; those that have expired are among them until the table's TTL takes them. */
  readonly secrets: readonly ApiKeySecret[];
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

/**
 * The table `access`. Every read is strongly consistent, so that a key works once `addKey` has resolved and a disabled
 * one no longer does. Calls reject when the table does not answer; a write may then have taken effect or not.
 */
export interface AccessStore {
  /**
   * Records a key and the hash of the one value that opens it. Durable and usable when it resolves; until then, and
   * when it rejects, the value opens nothing, wherever it was cut short. Of any number of calls with the same hash at
   * once exactly one resolves.
   *
   * @param secretSha256 SHA-256 of the value, 64 lower-case hexadecimal digits
   * @throws SecretAlreadyInUse, ApiKeyIdAlreadyInUse
   */
  addKey(key: ApiKey, secretSha256: string): Promise<void>;

  /** The key that a secret opens, enabled or not; undefined when there is none. */
  findBySecret(secretSha256: string): Promise<KeyBySecret | undefined>;

  /** All keys, in the order in which they were made. Reads the whole table: for operators, not for requests. */
  listKeys(): Promise<readonly KeyWithSecrets[]>;

  /**
   * Records a further value that opens a key, as good as its others. Durable and usable when it resolves.
   * @throws UnknownApiKey, SecretAlreadyInUse
   */
  addSecret(keyId: string, secret: ApiKeySecret): Promise<void>;

  /**
   * From `expiresAt` on the value opens nothing; undefined: it has no end any more. A value that is no longer there stays
   * so.
   */
  expireSecret(secretSha256: string, expiresAt: Date | undefined): Promise<void>;

  /** The value opens nothing any more. */
  removeSecret(secretSha256: string): Promise<void>;

  /** @returns the key as it is now. @throws UnknownApiKey */
  setEnabled(keyId: string, enabled: boolean): Promise<ApiKey>;

  /**
   * Removes a key and all that opens it, the key first: cut short, it leaves values that open nothing, and a second
   * call removes them.
   * @throws UnknownApiKey when there is nothing of it
   */
  deleteKey(keyId: string): Promise<void>;

  /** Resolves when the table answers; for readiness. */
  ping(signal?: AbortSignal): Promise<void>;
}
