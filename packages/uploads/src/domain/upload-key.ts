import { hiddenCharacterIn, withoutHiddenCharacters } from '@upload-once/text/hidden-characters';

/** Where clients may write: every issued form is for exactly one key under this prefix. */
export const UPLOADS_PREFIX = 'uploads/';
/** Where the accepted bytes lie: only the acceptor writes here. */
export const ACCEPTED_PREFIX = 'accepted/';

/** S3 allows 1,024 bytes of UTF-8 (Amazon S3 User Guide, "Naming Amazon S3 objects"); prefix, time and random part take 51 of them. */
export const NAME_PART_MAX_BYTES = 900;

/** What a name part can be, for those who wrote one that can't. */
export const NAME_PART_EXPECTED = `1 to ${NAME_PART_MAX_BYTES} bytes of UTF-8 without "/", "$", control characters and characters that hide or reorder text`;

/** A name part that cannot become part of an object key; `message` says why, for the person who configured it. */
export class InvalidNamePart extends Error {
  readonly code = 'InvalidNamePart';
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const RANDOM_BYTES = 16;

/**
 * The object key of a new upload: `uploads/<name>-<YYYYmmdd_HHMMSS>-<random>`, the time in UTC.
 *
 * @param namePart what the key begins with; see `assertNamePart`
 * @param issuedAt the moment of issue; whole seconds show in the key
 * @param random at least 16 bytes of cryptographic randomness; 128 bits become 26 base32 characters
 * @throws InvalidNamePart
 */
export function makeUploadKey(namePart: string, issuedAt: Date, random: Uint8Array): string {
  assertNamePart(namePart);
  const time = issuedAt.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '_');
  return `${UPLOADS_PREFIX}${namePart}-${time}-${base32(random.subarray(0, RANDOM_BYTES))}`;
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

/** The key under `accepted/` that belongs to a key under `uploads/`. */
export function acceptedKeyOf(uploadKey: string): string {
  return ACCEPTED_PREFIX + uploadIdOf(uploadKey);
}

/** The key under `uploads/` that belongs to a key under `accepted/`. */
export function uploadKeyOfAccepted(acceptedKey: string): string {
  return UPLOADS_PREFIX + withoutPrefix(acceptedKey, ACCEPTED_PREFIX);
}

/** The id that the HTTP API shows: the key without `uploads/`. */
export function uploadIdOf(uploadKey: string): string {
  return withoutPrefix(uploadKey, UPLOADS_PREFIX);
}

/** The id of the upload that an object belongs to; undefined for one that lies neither under `uploads/` nor under `accepted/`. */
export function uploadIdOfObject(objectKey: string): string | undefined {
  const prefix = [UPLOADS_PREFIX, ACCEPTED_PREFIX].find((start) => objectKey.startsWith(start));
  return prefix && objectKey.slice(prefix.length);
}

/** The key that belongs to an id, whether or not there is such an upload. */
export function uploadKeyOfId(uploadId: string): string {
  return UPLOADS_PREFIX + uploadId;
}

function withoutPrefix(key: string, prefix: string): string {
  if (!key.startsWith(prefix))
    throw new RangeError(`a key under ${prefix} was expected, not ${JSON.stringify(key)}`);
  return key.slice(prefix.length);
}

function base32(bytes: Uint8Array): string {
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
  return heldBits === 0 ? text : text + BASE32[(held << (5 - heldBits)) & 31];
}
