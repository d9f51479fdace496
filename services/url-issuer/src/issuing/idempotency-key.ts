import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { headerValues } from '../header-values.ts';
import { HttpError } from '../http-error.ts';

const HEADER = 'idempotency-key';
const MAX_CHARACTERS = 255;

/**
 * The header as the API describes it (IETF draft "The Idempotency-Key HTTP Header Field"). The value is taken as it is, with or
 * without the quotation marks that the draft asks for.
 */
export const idempotencyKeyHeader = Type.String({
  maxLength: MAX_CHARACTERS,
  pattern: '^[!-~]([ -~]*[!-~])?$',
  description:
    `A value that the client chooses, 1 to ${MAX_CHARACTERS} characters. For 24 hours, the same request with the same value gives ` +
    'the same upload again.',
  'x-expected': `1 to ${MAX_CHARACTERS} characters of printable ASCII`,
});

/**
 * The SHA-256 of a request's `Idempotency-Key`, whose headers were held against the schema above; undefined without one.
 * @throws HttpError 400 when there are several: Node joins them to one value, which the schema takes
 */
export function idempotencyKeyOf(rawHeaders: readonly string[]): string | undefined {
  const [value, ...others] = headerValues(HEADER, rawHeaders);
  if (value === undefined) return undefined;
  if (others.length > 0) {
    throw new HttpError(400, `Idempotency-Key is sent once, not ${others.length + 1} times`);
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
