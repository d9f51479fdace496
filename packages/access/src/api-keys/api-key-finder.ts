import { timingSafeEqual } from 'node:crypto';
import { isMistypedApiKey } from '@upload-once/text/api-key-format';
import { LRUCache } from 'lru-cache';
import type { AccessStore, KeyBySecret } from './access-store.ts';
import type { ApiKey } from './api-key.ts';
import { API_KEY_MAX_BYTES, hashApiKey } from './hash-api-key.ts';

export interface ApiKeyFinderOptions {
  readonly store: Pick<AccessStore, 'findBySecret'>;
  readonly now: () => Date;
  /**
   * How long a response of the table is good for, from the moment it was asked: so long a key that was disabled, deleted or
   * changed goes on as it was, and a value that was refused and then imported is still refused. 0: it is always asked.
   */
  readonly resultLifetimeSeconds: number;
  /** How many values that opened a key are remembered; the one that was not used for longest is forgotten first. */
  readonly maxFound: number;
  /** How many others are, apart from those: however many are tried, no good one is forgotten for them. */
  readonly maxNotFound: number;
}

export interface ApiKeyFinder {
  /**
   * The enabled key that a presented value opens. The table is asked once for all that ask at the same time. Never for
   * values that can't be keys: empty, overlong, or mistyped, see `isMistypedApiKey`.
   *
   * @param value one character for each byte, as Node gives the values of headers
   * @returns undefined for every value that opens nothing: unknown, expired, disabled, all the same to the caller.
   *   Rejects when the table has to be asked and does not respond.
   */
  find(value: string): Promise<ApiKey | undefined>;

  /** Whether the value opened a key when the table was last asked for it: it is then no guess, however long ago that was. */
  isFamiliar(value: string): boolean;

  /**
   * The id of the key that a value belongs to though it did not open it when the table was last asked: disabled, or expired. Such a
   * value is no guess either. Undefined for any other, and once that response is forgotten.
   */
  refusedKeyId(value: string): string | undefined;
}

interface Result {
  readonly askedAt: number;
  readonly found: KeyBySecret | undefined;
}

/** Finds keys in the table by what clients present, and remembers the responses for a short time. */
export function createApiKeyFinder(options: ApiKeyFinderOptions): ApiKeyFinder {
  const { store, now, resultLifetimeSeconds } = options;
  const found = new LRUCache<string, Result>({ max: options.maxFound });
  const notFound = new LRUCache<string, Result>({ max: options.maxNotFound });
  const asking = new Map<string, { readonly askedAt: number; readonly result: Promise<Result> }>();

  /** A clock that was set back makes a response old, not young. */
  function isGood({ askedAt }: { readonly askedAt: number }): boolean {
    const ageMs = now().getTime() - askedAt;
    return ageMs >= 0 && ageMs < resultLifetimeSeconds * 1000;
  }

  async function ask(sha256: string, askedAt: number): Promise<Result> {
    const result = { askedAt, found: await store.findBySecret(sha256) };
    const [remember, forget] = opens(result.found, sha256, now()) ? [found, notFound] : [notFound, found];
    forget.delete(sha256);
    remember.set(sha256, result);
    return result;
  }

  async function resultFor(sha256: string): Promise<Result> {
    const remembered = found.get(sha256) ?? notFound.get(sha256);
    if (remembered && isGood(remembered)) return remembered;
    const underWay = asking.get(sha256);
    if (underWay && isGood(underWay)) return underWay.result;
    const askedAt = now().getTime();
    const started = { askedAt, result: ask(sha256, askedAt) };
    asking.set(sha256, started);
    try {
      return await started.result;
    } finally {
      if (asking.get(sha256) === started) asking.delete(sha256);
    }
  }

  return {
    async find(value) {
      const sha256 = hashOf(value);
      if (sha256 === undefined || (!found.has(sha256) && isMistypedApiKey(value))) return undefined;
      const result = await resultFor(sha256);
      return opens(result.found, sha256, now()) ? result.found.key : undefined;
    },

    refusedKeyId(value) {
      const sha256 = hashOf(value);
      const known = sha256 === undefined ? undefined : notFound.peek(sha256)?.found;
      return sha256 !== undefined && known && isSameHash(known.secretSha256, sha256)
        ? known.key.keyId
        : undefined;
    },

    isFamiliar(value) {
      const sha256 = hashOf(value);
      return sha256 !== undefined && found.has(sha256);
    },
  };
}

/** Undefined for a value of a length that no key has. */
function hashOf(value: string): string | undefined {
  return value === '' || value.length > API_KEY_MAX_BYTES ? undefined : hashApiKey(value);
}

function opens(found: KeyBySecret | undefined, sha256: string, at: Date): found is KeyBySecret {
  if (!found?.key.enabled) return false;
  if (found.secretExpiresAt && found.secretExpiresAt <= at) return false;
  return isSameHash(found.secretSha256, sha256);
}

/** In constant time, whatever the table was asked by. */
function isSameHash(recorded: string, presented: string): boolean {
  const recordedBytes = Buffer.from(recorded, 'hex');
  const presentedBytes = Buffer.from(presented, 'hex');
  return recordedBytes.length === presentedBytes.length && timingSafeEqual(recordedBytes, presentedBytes);
}
