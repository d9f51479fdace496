import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** An item as DynamoDB has it (Amazon DynamoDB API Reference, "AttributeValue"). */
export type Attributes = Record<string, AttributeValue>;

/**
 * An item as DynamoDB has it; what is undefined is left out. The SDK's `marshall` takes three times as long, and takes the type of an
 * object from its `constructor`, which in metadata can be the name of an entry.
 * @throws TypeError for what no item of ours has
 */
export function attributesOf(item: object): Attributes {
  const written = Object.entries(item).filter(([, value]) => value !== undefined);
  return Object.fromEntries(written.map(([name, value]) => [name, attributeOf(value)]));
}

/** @throws TypeError for what no item of ours has */
export function attributeOf(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (isExact(value)) return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (isSetOfStrings(value)) return { SS: [...value] };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  if (isPlainObject(value)) return { M: attributesOf(value) };
  throw new TypeError(`no attribute is made of ${nameOf(value)}`);
}

/** The item that these attributes are. @throws TypeError for what no item of ours has */
export function itemOf(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, valueOfAttribute(attribute)]),
  );
}

function valueOfAttribute(attribute: AttributeValue): unknown {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return numberOf(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.M !== undefined) return itemOf(attribute.M);
  if (attribute.L !== undefined) return attribute.L.map(valueOfAttribute);
  if (attribute.SS !== undefined) return new Set(attribute.SS);
  throw new TypeError(`no value is made of an attribute of type ${Object.keys(attribute).join()}`);
}

/** DynamoDB's numbers have 38 digits. */
function numberOf(text: string): number {
  const number = Number(text);
  if (isExact(number)) return number;
  throw new TypeError(`no number is exactly ${text}`);
}

/** Beyond the safe integers another number than the given one could be read. */
function isExact(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** DynamoDB has no empty set. */
function isSetOfStrings(value: unknown): value is ReadonlySet<string> {
  if (!(value instanceof Set) || value.size === 0) return false;
  return [...value].every((member) => typeof member === 'string');
}

/** Not a date, a map or bytes, which would be written as an object without entries. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(value: unknown): string {
  if (value instanceof Set) return `a set of ${[...value].map(String).join() || 'nothing'}`;
  return typeof value === 'object' && value !== null ? `a ${value.constructor.name}` : String(value);
}
