import { createHash } from 'node:crypto';

/** A longer value is refused unread. Imported keys may be as long as this. */
export const API_KEY_MAX_BYTES = 4096;

/**
 * SHA-256 of the value's bytes, 64 lower-case hexadecimal digits. A plain hash, because keys that are made here have 160
 * random bits: there is nothing to guess. The strength of an imported value is up to the operator who chose it.
 *
 * @param value one character for each byte, as Node gives the values of headers: what a client sends beyond ASCII is
 *   compared byte by byte, whatever encoding it means
 */
export function hashApiKey(value: string): string {
  return createHash('sha256').update(value, 'latin1').digest('hex');
}
