import { stdSerializers } from 'pino';
import { UNREADABLE } from './bounded-data.ts';
import { fromPlain, toPlain } from './plain-error.ts';

/** More than a line has room for. Each costs its thread 0.2 ms. */
const MOST_ERRORS_SHOWN = 100;

/**
 * An error with its causes, as pino shows it; data that was thrown as it is. Never throws. pino does: it takes each cause that has a
 * `message` for an error, also one that a handler has parsed from a file, and its `stack` for a text.
 */
export function shownError(err: unknown): unknown {
  const plain = toPlain(err);
  if (plain.kind === 'value') return plain.value;
  try {
    return stdSerializers.err(fromPlain(plain) as Error);
  } catch {
    const { className, message, stack, properties } = plain;
    return { type: className, message, stack, ...('code' in properties && { code: properties['code'] }) };
  }
}

/**
 * The fields of a log line, with each error in them, or in a plain object among them, shown as `err` is: JSON would make `{}` of it. A
 * property that can't be read says so. Throws if the names of the properties can't be read, as those of a Proxy.
 */
export function shownFields(fields: object): object {
  let errors = 0;

  function shown(value: unknown): unknown {
    if (typeof value === 'symbol') return String(value);
    if (!(value instanceof Error)) return value;
    errors += 1;
    return errors > MOST_ERRORS_SHOWN ? '[cut, an error]' : shownError(value);
  }

  if (fields instanceof Error) return { err: shownError(fields) };
  return shownProperties(fields, (value, name) => {
    if (name === 'err') return shownError(value);
    return isPlain(value) ? shownProperties(value, shown) : shown(value);
  });
}

function shownProperties(value: object, show: (property: unknown, name: string) => unknown): object {
  return Object.fromEntries(
    Object.keys(value).map((name) => {
      try {
        return [name, show((value as Record<string, unknown>)[name], name)];
      } catch {
        return [name, UNREADABLE];
      }
    }),
  );
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
