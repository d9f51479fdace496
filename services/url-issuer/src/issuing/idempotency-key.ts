import { createHash } from 'node:crypto';
import { headerValues } from '../header-values.ts';
import { HttpError } from '../http-error.ts';

const HEADER = 'idempotency-key';
const MAX_CHARACTERS = 255;

/**
 * The SHA-256 of a request's `Idempotency-Key` (IETF draft "The Idempotency-Key HTTP Header Field"); undefined without one.
 * The value is taken as it is, with or without the quotation marks that the draft asks for.
 * @throws HttpError 400
 */
export function idempotencyKeyOf(rawHeaders: readonly string[]): string | undefined {
  const [value, ...others] = headerValues(HEADER, rawHeaders);
  if (value === undefined) return undefined;
  if (others.length > 0 || !/^[!-~]([ -~]*[!-~])?$/.test(value) || value.length > MAX_CHARACTERS) {
    throw new HttpError(
      400,
      `Idempotency-Key is sent once, with 1 to ${MAX_CHARACTERS} characters of printable ASCII`,
    );
  }
  return sha256(value);
}

/** One hash for all bodies that say the same, whatever the order of their fields. */
export function requestSha256Of(body: unknown): string {
  return sha256(JSON.stringify(inOrder(body)));
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, inner]) => [name, inOrder(inner)]);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
