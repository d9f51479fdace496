import { hiddenCharacterIn, withoutHiddenCharacters } from '@upload-once/text/hidden-characters';
import type { ApiKeySettings } from './api-key.ts';

const RATE_MAX_PER_SECOND = 10_000;
const BURST_MAX = 10_000;
const DAILY_QUOTA_MAX = 1_000_000_000;
/** The most that S3 takes in one form or PUT: 5 GiB (Amazon S3 User Guide, "Uploading objects"). */
const UPLOAD_MAX_BYTES = 5_368_709_120;
const CONTENT_TYPES_MAX = 32;
const NAME_MAX_CHARACTERS = 100;
const CONTENT_TYPE_MAX_CHARACTERS = 127;

/** RFC 6838, 4.2: what a type and a subtype are named with; `*` in the place of a subtype stands for every one. */
const CONTENT_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/([a-z0-9][a-z0-9!#$&^_.+-]*|\*)$/;

/** A setting that no key can have; `message` names it, its value and what is allowed. */
export class InvalidApiKeySettings extends Error {
  readonly code = 'InvalidApiKeySettings';
}

/** @throws InvalidApiKeySettings */
export function assertApiKeySettings(settings: ApiKeySettings): void {
  assertName(settings.name);
  const { ratePerSecond, burst, dailyQuota, maxBytes } = settings;
  if (!(ratePerSecond > 0 && ratePerSecond <= RATE_MAX_PER_SECOND)) {
    throw new InvalidApiKeySettings(
      `a key's rate is a number of requests per second above 0, at most ${RATE_MAX_PER_SECOND}, not ${ratePerSecond}`,
    );
  }
  assertWholeNumber('burst', burst, BURST_MAX);
  if (dailyQuota !== undefined) assertWholeNumber('daily quota', dailyQuota, DAILY_QUOTA_MAX);
  if (maxBytes !== undefined) assertWholeNumber('size limit in bytes', maxBytes, UPLOAD_MAX_BYTES);
  if (settings.allowedContentTypes !== undefined) assertContentTypes(settings.allowedContentTypes);
}

function assertName(name: string): void {
  if (name.trim() === '' || name.length > NAME_MAX_CHARACTERS || hiddenCharacterIn(name) !== undefined) {
    throw new InvalidApiKeySettings(
      `a key's name has 1 to ${NAME_MAX_CHARACTERS} printable characters, none that hides or reorders text, not ${shown(name)}`,
    );
  }
}

function shown(name: string): string {
  const hidden = hiddenCharacterIn(name);
  const text = withoutHiddenCharacters(JSON.stringify(name.slice(0, NAME_MAX_CHARACTERS)));
  return hidden === undefined ? text : `${text} with ${hidden}`;
}

function assertWholeNumber(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new InvalidApiKeySettings(`a key's ${what} is a whole number from 1 to ${max}, not ${value}`);
  }
}

function assertContentTypes(types: readonly string[]): void {
  if (types.length < 1 || types.length > CONTENT_TYPES_MAX) {
    throw new InvalidApiKeySettings(
      `a key allows 1 to ${CONTENT_TYPES_MAX} content types, or any, not ${types.length}`,
    );
  }
  for (const type of types) {
    if (!CONTENT_TYPE.test(type) || type.length > CONTENT_TYPE_MAX_CHARACTERS) {
      throw new InvalidApiKeySettings(
        `a key's content type is like "image/png" or "image/*", in small letters and without parameters, not ${JSON.stringify(type.slice(0, CONTENT_TYPE_MAX_CHARACTERS))}`,
      );
    }
  }
}
