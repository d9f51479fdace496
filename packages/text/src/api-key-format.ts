/**
 * The form of the keys that are made here:
 *
 *     uo_<id>_<secret><checksum>
 *
 * - `uo_` lets secret scanners, and people, recognize it.
 * - `<id>`: 16 hexadecimal digits (64 random bits), the key's id; not secret.
 * - `<secret>`: 40 hexadecimal digits (160 random bits).
 * - `<checksum>`: 8 hexadecimal digits, the CRC-32 of all that stands before it. It distinguishes a typing error from a wrong
 *   key; it proves nothing, anyone can compute it.
 *
 * 68 characters of ASCII that a double click selects whole. Imported keys have any form.
 */
const API_KEY = /^uo_([0-9a-f]{16})_([0-9a-f]{40})([0-9a-f]{8})$/;

/** How such a key begins, in whatever case, and with what people copy or paste before it. */
const BEGINS_LIKE_API_KEY = /^["'\s]*(?:bearer\s+["']*)?uo_[0-9a-f]{16}_/i;

export const KEY_ID_BYTES = 8;
export const SECRET_BYTES = 20;
const CHECKSUM_DIGITS = 8;

/** @param secret 20 bytes of cryptographic randomness */
export function formatApiKey(keyId: string, secret: Uint8Array): string {
  const text = `uo_${keyId}_${Buffer.from(secret).toString('hex')}`;
  return text + checksumOf(text);
}

/**
 * Whether a value begins like a key made here and is not a whole one with its checksum: it was mistyped, cut wrong,
 * or sent in quotation marks or behind `Bearer`. Such a value is no key, and is not taken for one of another make.
 */
export function isMistypedApiKey(value: string): boolean {
  return BEGINS_LIKE_API_KEY.test(value) && !isWholeApiKey(value);
}

function isWholeApiKey(value: string): boolean {
  return (
    API_KEY.test(value) && checksumOf(value.slice(0, -CHECKSUM_DIGITS)) === value.slice(-CHECKSUM_DIGITS)
  );
}

/** CRC-32 of ASCII, as zlib has it. Computed here, because browsers have no zlib and Node has `crc32` from 20.15 on. */
function checksumOf(text: string): string {
  let crc = ~0;
  for (const character of text) {
    crc ^= character.charCodeAt(0);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (~crc >>> 0).toString(16).padStart(CHECKSUM_DIGITS, '0');
}
