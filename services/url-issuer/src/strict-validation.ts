import { withoutHiddenCharacters } from '@upload-once/text/hidden-characters';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/schema';
import { HttpError } from './http-error.ts';

/** The part of a wrong value that an error still shows. */
const SHOWN_VALUE_CHARACTERS = 100;

interface SchemaViolation {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
}

/**
 * Holds what a client sent against a TypeBox schema as it is: nothing is converted, filled in or dropped, but for the integers of a
 * query, where all is text. The error is for
 * the author of the request: it names each wrong field with its value and, from the property's `x-expected`, what is allowed.
 */
export const strictValidation: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  const integers = httpPart === 'querystring' ? integersIn(schema) : [];
  return (received: unknown) => {
    const value = integers.length === 0 ? received : withIntegers(received as Query, integers);
    if (compiled.Check(value)) return { value };
    return { error: new HttpError(400, messageFor(compiled.Errors(value)[1], value, schema)) };
  };
};

type Query = Readonly<Record<string, unknown>>;

function integersIn(schema: TSchema): string[] {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> };
  return Object.keys(properties).filter((name) => properties[name]?.type === 'integer');
}

function withIntegers(query: Query, names: readonly string[]): Query {
  const converted = names
    .filter((name) => /^(?:0|[1-9]\d{0,14})$/.test(String(query[name])))
    .map((name) => [name, Number(query[name])]);
  return { ...query, ...Object.fromEntries(converted) };
}

function messageFor(violations: readonly SchemaViolation[], value: unknown, schema: TSchema): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'The body is a JSON object';
  const properties = (schema as { properties?: Record<string, { 'x-expected'?: string }> }).properties ?? {};
  const fields = new Set(violations.flatMap(fieldsOf));
  const messages = [...fields].map((field) => {
    const expected = Object.hasOwn(properties, field) ? properties[field]?.['x-expected'] : undefined;
    if (expected === undefined) {
      return `${shown(field)} is not known here; there are: ${Object.keys(properties).join(', ')}`;
    }
    return `"${field}" is ${expected}, not ${shown((value as Record<string, unknown>)[field])}`;
  });
  return messages.join('. ');
}

/** The names of the properties that a violation speaks of, at the top of what was sent. */
function fieldsOf({ instancePath, params }: SchemaViolation): string[] {
  const [, field] = instancePath.split('/');
  if (field !== undefined) return [field.replaceAll('~1', '/').replaceAll('~0', '~')];
  return 'additionalProperties' in params ? (params.additionalProperties as string[]) : [];
}

function shown(value: unknown): string {
  const text = withoutHiddenCharacters(asJson(value));
  return text.length > SHOWN_VALUE_CHARACTERS ? `${text.slice(0, SHOWN_VALUE_CHARACTERS)}…` : text;
}

/** JSON is read however deep it is nested, and written only as deep as the stack goes: some thousand brackets, a body of 12 kB. */
function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    return Array.isArray(value) ? '[…]' : '{…}';
  }
}
