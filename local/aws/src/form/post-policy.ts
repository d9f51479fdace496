import { S3Error } from '../s3-error.ts';

/** One condition on a form field; `value` is what the field must be, or begin with. */
export interface FieldCondition {
  readonly match: 'eq' | 'starts-with';
  /** As the policy writes it; fields are compared without regard to case. */
  readonly field: string;
  readonly value: string;
}

/** Both ends are allowed sizes. */
export interface SizeRange {
  readonly minBytes: number;
  readonly maxBytes: number;
}

export interface PostPolicy {
  readonly expiresAt: Date;
  readonly conditions: readonly FieldCondition[];
  readonly sizeRanges: readonly SizeRange[];
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const EXPIRATION = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/** Fields that need no condition (Amazon S3 API Reference, "POST Policy": "Conditions"). */
const UNCONDITIONED = new Set(['x-amz-signature', 'file', 'policy']);
const IGNORED_PREFIX = 'x-ignore-';

/**
 * Reads the `policy` field of a form: base64 of a UTF-8 JSON document with `expiration` and `conditions`, as the
 * Amazon S3 API Reference describes it under "POST Policy".
 * @throws S3Error InvalidPolicyDocument (400) that says which part is wrong
 */
export function parsePostPolicy(encoded: string): PostPolicy {
  const document = parseDocument(encoded);
  const { expiration, conditions } = document;
  if (expiration === undefined) throw invalid('Policy missing expiration.');
  if (conditions === undefined) throw invalid('Policy missing conditions.');
  if (!Array.isArray(conditions)) throw invalid("Invalid 'conditions' value: must be a List.");

  const fieldConditions: FieldCondition[] = [];
  const sizeRanges: SizeRange[] = [];
  for (const condition of conditions) {
    if (Array.isArray(condition) && isWord(condition[0], 'content-length-range')) {
      sizeRanges.push(parseSizeRange(condition));
    } else {
      fieldConditions.push(Array.isArray(condition) ? parseTriple(condition) : parseSimple(condition));
    }
  }
  return { expiresAt: parseExpiration(expiration), conditions: fieldConditions, sizeRanges };
}

/**
 * Holds a form against its policy: not expired at `startedAt`, every condition met, every field named by a condition.
 *
 * @param fields names in lower case; with `bucket` being the bucket that is written to, and `${filename}` replaced
 *   already
 * @param startedAt when the request began; how long it takes after that does not matter
 * @throws S3Error AccessDenied (403) that names the condition or the field
 */
export function checkPostPolicy(
  policy: PostPolicy,
  fields: ReadonlyMap<string, string>,
  startedAt: Date,
): void {
  if (startedAt.getTime() > policy.expiresAt.getTime()) throw refused('Policy expired.');

  const named = new Set<string>();
  for (const condition of policy.conditions) {
    const name = condition.field.toLowerCase();
    named.add(name);
    if (!isMet(condition, name, fields.get(name))) {
      const shown = [condition.match, `$${condition.field}`, condition.value].map((part) =>
        JSON.stringify(part),
      );
      throw refused(`Policy Condition failed: [${shown.join(', ')}]`);
    }
  }

  const extra = [...fields.keys()].filter(
    (name) => !named.has(name) && !UNCONDITIONED.has(name) && !name.startsWith(IGNORED_PREFIX),
  );
  if (extra.length > 0) throw refused(`Extra input fields: ${extra.join(', ')}`);
}

/** A field that is missing meets no condition, not even one that allows any value. */
function isMet(condition: FieldCondition, name: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (condition.match === 'eq') return value === condition.value;
  // The API Reference: a Content-Type with commas is a list, and each of its values must meet the condition.
  const values = name === 'content-type' ? value.split(',') : [value];
  return values.every((one) => one.startsWith(condition.value));
}

function parseDocument(encoded: string): Record<string, unknown> {
  if (encoded === '' || !BASE64.test(encoded)) throw invalid('Invalid Base64 encoding.');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    throw invalid('Invalid UTF-8 encoding.');
  }
  let document: unknown;
  try {
    document = JSON.parse(withJsonEscapes(text));
  } catch {
    throw invalid('Invalid JSON.');
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalid('Invalid JSON: a policy is an object.');
  }
  return document as Record<string, unknown>;
}

/** "Character Escaping" in the API Reference knows `\$` and `\v`, which JSON does not. */
function withJsonEscapes(text: string): string {
  return text.replace(/\\([\s\S])/g, (pair, character) => {
    if (character === '$') return '$';
    if (character === 'v') return '\\u000b';
    return pair;
  });
}

function parseExpiration(expiration: unknown): Date {
  const text = shown(expiration);
  const date = EXPIRATION.test(text) ? new Date(text) : undefined;
  // A day that no calendar has would otherwise become one of the next month.
  if (date === undefined || Number.isNaN(date.getTime()) || !isSameDay(date, text)) {
    throw invalid(`Invalid 'expiration' value: '${text}'`);
  }
  return date;
}

function isSameDay(date: Date, expiration: string): boolean {
  return date.toISOString().slice(0, 10) === expiration.slice(0, 10);
}

function parseSimple(condition: unknown): FieldCondition {
  if (typeof condition !== 'object' || condition === null) {
    throw invalid('Invalid Condition: must be an object or a list.');
  }
  const [property, ...others] = Object.entries(condition);
  if (property === undefined || others.length > 0) {
    throw invalid('Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.');
  }
  const [field, value] = property;
  if (typeof value !== 'string') throw invalid('Invalid Simple-Condition: value must be a string.');
  return { match: 'eq', field, value };
}

function parseTriple(condition: readonly unknown[]): FieldCondition {
  const [operation, name, value] = condition;
  const match = isWord(operation, 'eq') ? 'eq' : isWord(operation, 'starts-with') ? 'starts-with' : undefined;
  if (match === undefined) {
    throw invalid(`Invalid Condition: unsupported operation '${shown(operation)}'.`);
  }
  if (condition.length !== 3 || typeof name !== 'string' || typeof value !== 'string') {
    throw invalid(`Invalid Condition: '${match}' takes a field and a value, both strings.`);
  }
  if (!/^\$./.test(name)) throw invalid(`Invalid Condition: a field is written '$name', not '${name}'.`);
  return { match, field: name.slice(1), value };
}

function parseSizeRange(condition: readonly unknown[]): SizeRange {
  const [minBytes, maxBytes] = condition.slice(1).map(parseSize);
  if (condition.length !== 3 || minBytes === undefined || maxBytes === undefined || minBytes > maxBytes) {
    throw invalid("Invalid Condition: 'content-length-range' takes a smallest and a largest size in bytes.");
  }
  return { minBytes, maxBytes };
}

function parseSize(value: unknown): number | undefined {
  const size = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

/** Lists and objects are not written out: one may be nested beyond the stack, or say itself what `toString` is. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return '[…]';
  return typeof value === 'object' && value !== null ? '{…}' : String(value);
}

function isWord(value: unknown, word: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === word;
}

function invalid(what: string): S3Error {
  return new S3Error('InvalidPolicyDocument', 400, `Invalid Policy: ${what}`);
}

function refused(what: string): S3Error {
  return new S3Error('AccessDenied', 403, `Invalid according to Policy: ${what}`);
}
