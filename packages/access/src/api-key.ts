/** What is known of an API key; never its value. */
export interface ApiKey {
  readonly keyId: string;
  /** Whose it is, for people: logs and lists show it. Not unique. */
  readonly name: string;
  /** Requests for each second in the long run; may be a fraction. */
  readonly ratePerSecond: number;
  /** How many requests may come at once. */
  readonly burst: number;
  readonly createdAt: Date;
  /** A disabled key is as good as none. */
  readonly enabled: boolean;
}

/** What whoever makes a key decides. */
export type ApiKeySettings = Pick<ApiKey, 'name' | 'ratePerSecond' | 'burst'>;

export const RATE_MAX_PER_SECOND = 10_000;
export const BURST_MAX = 10_000;
const NAME_MAX_CHARACTERS = 100;

/** A setting that no key can have; `message` names it, its value and what is allowed. */
export class InvalidApiKeySettings extends Error {
  readonly code = 'InvalidApiKeySettings';
}

/** @throws InvalidApiKeySettings */
export function assertApiKeySettings({ name, ratePerSecond, burst }: ApiKeySettings): void {
  if (name.trim() === '' || name.length > NAME_MAX_CHARACTERS || /\p{C}/u.test(name)) {
    throw new InvalidApiKeySettings(
      `a key's name has 1 to ${NAME_MAX_CHARACTERS} printable characters, not ${JSON.stringify(name.slice(0, NAME_MAX_CHARACTERS))}`,
    );
  }
  if (!(ratePerSecond > 0 && ratePerSecond <= RATE_MAX_PER_SECOND)) {
    throw new InvalidApiKeySettings(
      `a key's rate is a number of requests per second above 0, at most ${RATE_MAX_PER_SECOND}, not ${ratePerSecond}`,
    );
  }
  if (!Number.isInteger(burst) || burst < 1 || burst > BURST_MAX) {
    throw new InvalidApiKeySettings(`a key's burst is a whole number from 1 to ${BURST_MAX}, not ${burst}`);
  }
}
