import { hiddenCharacterIn, withoutHiddenCharacters } from '@upload-once/text/hidden-characters';
import { UPLOADS_PREFIX, uploadIdOf, uploadKeyOfId } from '@upload-once/text/upload-id';

/** Where the accepted bytes lie: only the acceptor writes here. */
export const ACCEPTED_PREFIX = 'accepted/';

/** S3 allows 1,024 bytes of UTF-8 (Amazon S3 User Guide, "Naming Amazon S3 objects"); prefix, shard, time and random part take 53 of them. */
export const NAME_PART_MAX_BYTES = 900;

/** What a name part can be, for those who wrote one that can't. */
export const NAME_PART_EXPECTED = `1 to ${NAME_PART_MAX_BYTES} bytes of UTF-8 without "/", "$", control characters and characters that hide or reorder text`;

/** A name part that cannot become part of an object key; `message` says why, for the person who configured it. */
export class InvalidNamePart extends Error {
  readonly code = 'InvalidNamePart';
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const RANDOM_BYTES = 16;
/** Name part, time and random part. */
const ISSUED_ID = /^[^/]+-(\d{8})_(\d\d)(\d\d)(\d\d)-[a-z2-7]{26}$/;
/** In the two bits that 26 characters have beyond 128: `uploadKeyOfId` reads it. */
const SHARDED = 1;

export interface KeyForm {
  /**
   * Whether the key begins with a shard, `uploads/<shard>/<name>-…`, which is the first character of the random part. Keys of both forms
   * stay valid beside each other.
   */
  readonly isSharded: boolean;
}

/**
 * The object key of a new upload: `uploads/<name>-<YYYYmmdd_HHMMSS>-<random>`, the time in UTC.
 *
 * @param namePart what the key begins with; see `assertNamePart`
 * @param issuedAt the moment of issue; whole seconds show in the key
 * @param random at least 16 bytes of cryptographic randomness; 128 bits become 26 base32 characters
 * @throws InvalidNamePart
 */
export function makeUploadKey(
  namePart: string,
  issuedAt: Date,
  random: Uint8Array,
  { isSharded }: KeyForm = { isSharded: false },
): string {
  assertNamePart(namePart);
  const time = issuedAt.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '_');
  return uploadKeyOfId(
    `${namePart}-${time}-${base32(random.subarray(0, RANDOM_BYTES), isSharded ? SHARDED : 0)}`,
  );
}

/**
 * Refuses a name part from which no key is made: 1 to 900 bytes of UTF-8, no `/`, no `$`, and none of `HIDDEN_CHARACTERS`, which would
 * forge what people read in logs and on screens. Among these is what XML can't carry, in which S3 lists keys (Extensible Markup
 * Language 1.0, "Characters"). It is asked for new keys only: those that are in the table can have any of them.
 * @throws InvalidNamePart
 */
export function assertNamePart(namePart: string): void {
  const bytes = Buffer.byteLength(namePart);
  if (bytes < 1 || bytes > NAME_PART_MAX_BYTES) {
    throw new InvalidNamePart(
      `a name part has 1 to ${NAME_PART_MAX_BYTES} bytes of UTF-8, this one has ${bytes}`,
    );
  }
  const hidden = hiddenCharacterIn(namePart);
  // S3 puts the file's name in the place of ${filename} in a form's key ("Creating an HTML form", Amazon S3 API Reference).
  const unusable = hidden ?? /[/$]/.exec(namePart)?.[0];
  if (unusable === undefined) return;
  const shown = withoutHiddenCharacters(JSON.stringify(namePart));
  const found = hidden ?? `"${unusable}"`;
  throw new InvalidNamePart(`a name part has ${NAME_PART_EXPECTED}, but there is ${found} in ${shown}`);
}

/**
 * When the upload of a key was issued, to the second, as `makeUploadKey` wrote it into the key. It need not be on record.
 * @returns undefined: `makeUploadKey` makes no such key
 */
export function issueTimeOf(uploadKey: string): Date | undefined {
  const id = uploadIdOf(uploadKey);
  const [, date, hours, minutes, seconds] = ISSUED_ID.exec(id) ?? [];
  if (date === undefined || uploadKeyOfId(id) !== uploadKey) return undefined;
  const day = date.replace(/(....)(..)(..)/, '$1-$2-$3');
  const time = new Date(`${day}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** The key under `accepted/` that belongs to a key under `uploads/`. */
export function acceptedKeyOf(uploadKey: string): string {
  return ACCEPTED_PREFIX + withoutPrefix(uploadKey, UPLOADS_PREFIX);
}

/** The key under `uploads/` that belongs to a key under `accepted/`. */
export function uploadKeyOfAccepted(acceptedKey: string): string {
  return UPLOADS_PREFIX + withoutPrefix(acceptedKey, ACCEPTED_PREFIX);
}

/** The id of the upload that an object belongs to; undefined for one that lies neither under `uploads/` nor under `accepted/`. */
export function uploadIdOfObject(objectKey: string): string | undefined {
  if (objectKey.startsWith(ACCEPTED_PREFIX)) return uploadIdOf(uploadKeyOfAccepted(objectKey));
  return objectKey.startsWith(UPLOADS_PREFIX) ? uploadIdOf(objectKey) : undefined;
}

function withoutPrefix(key: string, prefix: string): string {
  if (!key.startsWith(prefix))
    throw new RangeError(`a key under ${prefix} was expected, not ${JSON.stringify(key)}`);
  return key.slice(prefix.length);
}

function base32(bytes: Uint8Array, spareBits: number): string {
  if (bytes.length < RANDOM_BYTES)
    throw new RangeError(`${RANDOM_BYTES} random bytes are needed, not ${bytes.length}`);
  let text = '';
  /** Of its bits only the last `heldBits` count. */
  let held = 0;
  let heldBits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (heldBits += 8; heldBits >= 5; heldBits -= 5) text += BASE32[(held >> (heldBits - 5)) & 31];
  }
  return text + BASE32[((held << (5 - heldBits)) | spareBits) & 31];
}
