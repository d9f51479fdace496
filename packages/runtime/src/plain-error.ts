import { type Budget, boundedData, boundedProperties, boundedText } from './bounded-data.ts';

/**
 * What was thrown in one thread, as plain data for another. Structured clone alone would lose an error's class, its name and its code
 * (MDN, "The structured clone algorithm", "Error types"), and refuse an error that has a function or a socket among its properties.
 */
export type PlainThrown =
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'error';
      readonly className: string;
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      /** Its own properties as plain data, `code` among them. */
      readonly properties: Readonly<Record<string, unknown>>;
      readonly cause: PlainThrown | undefined;
      readonly errors: readonly PlainThrown[] | undefined;
    };

/** An error can be its own cause. */
const MAX_DEPTH = 8;

/** For an error with all its causes: enough for what a person reads of it, and little work for the thread that receives it. */
const MAX_CHARACTERS = 32_768;
const MAX_VALUES = 1_000;
const MAX_NAME_CHARACTERS = 256;
const MAX_MESSAGE_CHARACTERS = 4_096;
const MAX_STACK_CHARACTERS = 8_192;

/** Properties that have a field of their own. */
const TOLD_BESIDE = new Set(['code', 'cause', 'errors']);

/**
 * The result is small, not deep, and without the secrets that can be recognized, whatever was thrown; it says what was cut. It never throws,
 * whatever getters and conversions of the value do.
 */
export function toPlain(thrown: unknown): PlainThrown {
  try {
    return plainOf(thrown, 0, { characters: MAX_CHARACTERS, values: MAX_VALUES });
  } catch {
    return { kind: 'value', value: 'what was thrown can’t be read' };
  }
}

function plainOf(thrown: unknown, depth: number, budget: Budget): PlainThrown {
  if (!(thrown instanceof Error)) return { kind: 'value', value: boundedData(thrown, budget) };
  budget.values -= 1;
  const cause = readOf(() => thrown.cause);
  const errors = readOf(() => (thrown as { errors?: unknown }).errors);
  const isDeep = depth >= MAX_DEPTH;
  const className = textOf(() => thrown.constructor.name) ?? textOf(() => thrown.name) ?? 'Error';
  const name = textOf(() => thrown.name) ?? className;
  return {
    kind: 'error',
    className: boundedText(className, budget, MAX_NAME_CHARACTERS),
    name: boundedText(name, budget, MAX_NAME_CHARACTERS),
    message: messageOf(thrown, budget),
    stack: stackOf(thrown, budget),
    properties: propertiesOf(thrown, budget),
    cause: cause === undefined || isDeep ? undefined : plainOf(cause, depth + 1, budget),
    errors: Array.isArray(errors) && !isDeep ? plainErrors(errors, depth + 1, budget) : undefined,
  };
}

/** An error's message, or the value: one text, redacted and bounded. @param options.isNamed with the error's name before it */
export function textOfThrown(thrown: unknown, { isNamed = false } = {}): string {
  const plain = toPlain(thrown);
  if (plain.kind === 'error') return isNamed ? `${plain.name}: ${plain.message}` : plain.message;
  return typeof plain.value === 'object' ? JSON.stringify(plain.value) : String(plain.value);
}

function plainErrors(errors: readonly unknown[], depth: number, budget: Budget): PlainThrown[] {
  const shown: PlainThrown[] = [];
  while (shown.length < errors.length && budget.values > 0 && budget.characters > 0)
    shown.push(plainOf(errors[shown.length], depth, budget));
  const more = errors.length - shown.length;
  if (more > 0) shown.push({ kind: 'value', value: `[cut, ${more} more]` });
  return shown;
}

/** An error with the same name, message, stack, code, cause and name of its class; not an instance of that class. */
export function fromPlain(plain: PlainThrown): unknown {
  if (plain.kind === 'value') return plain.value;
  const { className, name, message, stack, properties, cause, errors } = plain;
  const error = new (errorClass(className))(message);
  for (const [property, value] of Object.entries(properties)) define(error, property, value, true);
  if (error.name !== name) define(error, 'name', name, name !== className);
  define(error, 'stack', stack);
  if (cause !== undefined) define(error, 'cause', fromPlain(cause));
  if (errors !== undefined) define(error, 'errors', errors.map(fromPlain));
  return error;
}

function messageOf({ message }: Error, budget: Budget): string {
  const text = typeof message === 'string' ? message : JSON.stringify(boundedData(message, budget));
  return boundedText(text ?? '', budget, MAX_MESSAGE_CHARACTERS);
}

/** A stack begins with the message. Where that is long, it is cut out: what the stack is for stands behind it. */
function stackOf(error: Error, budget: Budget): string | undefined {
  // V8 makes it when it is first read, of a name and a message that may have no text.
  const stack = textOf(() => error.stack);
  if (stack === undefined) return undefined;
  const { message } = error;
  const isLong = typeof message === 'string' && message.length > MAX_MESSAGE_CHARACTERS;
  const short = isLong ? stack.replace(message, () => '[the message]') : stack;
  return boundedText(short, budget, MAX_STACK_CHARACTERS);
}

/** Undefined: there is none, it is no text, or it can't be read. */
function textOf(read: () => unknown): string | undefined {
  const value = readOf(read);
  return typeof value === 'string' ? value : undefined;
}

function readOf(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function propertiesOf(error: Error, budget: Budget): Record<string, unknown> {
  const own = Object.keys(error).filter((name) => !TOLD_BESIDE.has(name));
  return boundedProperties(error, 'code' in error ? ['code', ...own] : own, budget);
}

function errorClass(name: string): ErrorConstructor {
  return { [name]: class extends Error {} }[name] as ErrorConstructor;
}

function define(error: Error, property: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, property, { value, enumerable, writable: true, configurable: true });
}
