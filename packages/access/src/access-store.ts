import type { ApiKey } from './api-key.ts';

/** A secret's record together with the key that it opens. */
export interface KeyBySecret {
  /** As recorded: what the presented value's hash is compared with. */
  readonly secretSha256: string;
  readonly key: ApiKey;
}

/** This value is a key already, enabled or not. */
export class SecretAlreadyInUse extends Error {
  readonly code = 'SecretAlreadyInUse';
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

  /** Resolves when the table answers; for readiness. */
  ping(signal?: AbortSignal): Promise<void>;
}
