/**
 * What was thrown in one thread, told in another. Structured clone alone would lose an error's class, its name and its code
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
      /** Its own properties that can be cloned, `code` among them. */
      readonly properties: Readonly<Record<string, unknown>>;
      readonly cause: PlainThrown | undefined;
      readonly errors: readonly PlainThrown[] | undefined;
    };

/** An error can be its own cause. */
const MAX_DEPTH = 8;

/** Never throws, whatever getters and conversions of the value do. */
export function toPlain(thrown: unknown): PlainThrown {
  try {
    return plainOf(thrown, 0);
  } catch {
    return { kind: 'value', value: 'what was thrown can’t be read' };
  }
}

function plainOf(thrown: unknown, depth: number): PlainThrown {
  if (!(thrown instanceof Error)) return { kind: 'value', value: cloneable(thrown) };
  const { errors } = thrown as { errors?: unknown };
  const isDeep = depth >= MAX_DEPTH;
  return {
    kind: 'error',
    className: thrown.constructor.name,
    name: String(thrown.name),
    message: String(thrown.message),
    stack: thrown.stack,
    properties: propertiesOf(thrown),
    cause: thrown.cause === undefined || isDeep ? undefined : plainOf(thrown.cause, depth + 1),
    errors: Array.isArray(errors) && !isDeep ? errors.map((error) => plainOf(error, depth + 1)) : undefined,
  };
}

/** An error with the same name, message, stack, code, cause and name of its class; not an instance of that class. */
export function fromPlain(plain: PlainThrown): unknown {
  if (plain.kind === 'value') return plain.value;
  const { className, name, message, stack, properties, cause, errors } = plain;
  const error = new (errorClass(className))(message);
  for (const [property, value] of Object.entries(properties)) define(error, property, value, true);
  if (error.name !== name) define(error, 'name', name);
  define(error, 'stack', stack);
  if (cause !== undefined) define(error, 'cause', fromPlain(cause));
  if (errors !== undefined) define(error, 'errors', errors.map(fromPlain));
  return error;
}

function propertiesOf(error: Error): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  if ('code' in error) properties['code'] = cloneable(error.code);
  for (const [property, value] of Object.entries(error)) {
    if (property === 'cause' || property === 'errors') continue;
    const clone = cloneable(value);
    if (clone !== undefined) properties[property] = clone;
  }
  return properties;
}

/** The value, or what it looks like where it cannot be cloned; undefined for a function. */
function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return typeof value === 'function' ? undefined : textOf(value);
  }
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value that has no text';
  }
}

function errorClass(name: string): ErrorConstructor {
  return { [name]: class extends Error {} }[name] as ErrorConstructor;
}

function define(error: Error, property: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, property, { value, enumerable, writable: true, configurable: true });
}
