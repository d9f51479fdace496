import { isSecretName, nameBefore, namedBy, REDACTED, redactText } from './redaction.ts';

/** How much may still be shown. Each call that shows a part takes off what it has used. */
export interface Budget {
  /** Characters of texts and of names. */
  characters: number;
  /** Texts, numbers, objects, arrays and so on, each counted once. */
  values: number;
}

/** What stands where something stood that throws when it is read. */
export const UNREADABLE = '[can’t be read]';

const MAX_DEPTH = 10;
/** What the longest text may have, so that one text does not use up a budget. */
const MAX_TEXT_CHARACTERS = 16_384;
const MAX_NAME_CHARACTERS = 256;

/**
 * Text that is cut is redacted together with so many characters behind the cut, and loses as many afterwards. A secret is
 * then seen whole, or it is not shown: half a password is not recognized as one.
 */
const LOOK_AHEAD_CHARACTERS = 1_024;

/**
 * A copy of any value as plain data (what JSON can say), without the secrets in it and within the budget. Names decide (of
 * properties, and in pairs of a name and a value as raw headers have them), and what a text looks like.
 *
 * What is cut says so. Bytes become a short text such as `[Buffer, 1048576 bytes]`; functions are left out.
 * The work is bounded by the budget, except for listing the names of one object. It never throws, whatever a getter does.
 */
export function boundedData(value: unknown, budget: Budget): unknown {
  return dataOf(value, budget, []);
}

/** The same for some properties of an object. */
export function boundedProperties(
  value: object,
  names: readonly string[],
  budget: Budget,
): Record<string, unknown> {
  return propertiesOf(value, names, budget, []);
}

/** The same for one text of at most `mostCharacters` characters. */
export function boundedText(text: string, budget: Budget, mostCharacters = MAX_TEXT_CHARACTERS): string {
  const shown = redactBeginning(text, Math.min(mostCharacters, Math.max(0, budget.characters)));
  budget.characters -= shown.length;
  return shown;
}

/** The first characters of a text, redacted, none of them cut in two. Where there are more, the end of the result says so. */
export function redactBeginning(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return redactText(text);
  const seen = text.slice(0, mostCharacters + LOOK_AHEAD_CHARACTERS);
  const redacted = redactText(seen);
  if (seen.length === text.length && redacted.length <= mostCharacters) return redacted;
  const unsure = seen.length === text.length ? 0 : LOOK_AHEAD_CHARACTERS;
  const length = Math.min(mostCharacters, Math.max(0, redacted.length - unsure));
  const cutsPair = (redacted.codePointAt(length - 1) ?? 0) > 0xffff;
  return `${redacted.slice(0, cutsPair ? length - 1 : length)}[cut, of ${text.length} characters]`;
}

function dataOf(value: unknown, budget: Budget, around: readonly object[]): unknown {
  budget.values -= 1;
  if (typeof value === 'function') return undefined;
  if (typeof value === 'string') return boundedText(value, budget);
  if (typeof value === 'bigint' || typeof value === 'symbol') return boundedText(String(value), budget);
  if (typeof value !== 'object' || value === null) return value;
  if (around.includes(value)) return '[Circular]';
  try {
    return bytesOf(value) ?? partsOf(value, budget, around);
  } catch {
    return UNREADABLE;
  }
}

/** Also of a Buffer that JSON has made `{ type: 'Buffer', data: [0, …] }` of. */
function bytesOf(value: object): string | undefined {
  const { type, data } = value as { type?: unknown; data?: unknown };
  if (type === 'Buffer' && Array.isArray(data)) return `[Buffer, ${data.length} bytes]`;
  if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer) && !(value instanceof SharedArrayBuffer))
    return undefined;
  const kind = Buffer.isBuffer(value) ? 'Buffer' : Object.prototype.toString.call(value).slice(8, -1);
  return `[${kind}, ${value.byteLength} bytes]`;
}

function partsOf(value: object, budget: Budget, around: readonly object[]): unknown {
  const isArray = Array.isArray(value);
  if (around.length >= MAX_DEPTH) return isArray ? '[Array, too deep]' : '[Object, too deep]';
  const within = [...around, value];
  if (isArray) return itemsOf(value, budget, within);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return dataOf(toJSON.call(value, ''), budget, within);
  // An error's own name and message are not enumerable.
  const names = Object.keys(value);
  return propertiesOf(value, value instanceof Error ? ['name', 'message', ...names] : names, budget, within);
}

function itemsOf(items: readonly unknown[], budget: Budget, within: readonly object[]): unknown[] {
  const shown: unknown[] = [];
  while (shown.length < items.length && !isSpent(budget)) {
    const at = shown.length;
    shown.push(isSecretName(nameBefore(items, at)) ? REDACTED : dataOf(items[at], budget, within));
  }
  if (shown.length < items.length) shown.push(`[cut, ${items.length - shown.length} more]`);
  return shown;
}

function propertiesOf(
  value: object,
  names: readonly string[],
  budget: Budget,
  within: readonly object[],
): Record<string, unknown> {
  const pairName = pairNameOf(value);
  const shown: [string, unknown][] = [];
  for (const [at, name] of withNumbersLast(names).entries()) {
    if (isSpent(budget)) {
      shown.push(['[cut]', `${names.length - at} more`]);
      break;
    }
    if (name.length > MAX_NAME_CHARACTERS) {
      shown.push(['[cut]', `a name of ${name.length} characters, and its value`]);
      continue;
    }
    budget.characters -= name.length;
    const isSecret = isSecretName(name) || (name.toLowerCase() === 'value' && isSecretName(pairName));
    const data = dataAt(value, name, budget, within);
    if (isSecret && data !== undefined && data !== null) shown.push([name, REDACTED]);
    else if (data !== undefined) shown.push([name, data]);
  }
  return Object.fromEntries(shown);
}

/**
 * An object has names that are numbers first, wherever they were written (ECMA-262, "OrdinaryOwnPropertyKeys"). They come last here, so that
 * they use up no budget before the names that a log line begins with.
 */
function withNumbersLast(names: readonly string[]): readonly string[] {
  const isNumber = (name: string) => /^\d+$/.test(name);
  return [...names.filter((name) => !isNumber(name)), ...names.filter(isNumber)];
}

function pairNameOf(value: object): string {
  try {
    return namedBy(value);
  } catch {
    return '';
  }
}

/** A getter may throw. */
function dataAt(value: object, name: string, budget: Budget, within: readonly object[]): unknown {
  try {
    return dataOf((value as Record<string, unknown>)[name], budget, within);
  } catch {
    return UNREADABLE;
  }
}

function isSpent({ characters, values }: Budget): boolean {
  return characters <= 0 || values <= 0;
}
