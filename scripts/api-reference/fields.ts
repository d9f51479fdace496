import type { Schema } from '../openapi/open-api.ts';

export interface Field {
  /** With the names that it stands in: `received.versionId`, `links[].id`. */
  readonly name: string;
  readonly isRequired: boolean;
  /** Its type or its values, and its limits. */
  readonly allowed: string;
  readonly default: string | undefined;
  readonly description: string;
}

/** All fields of a JSON body, in the order of its schema. Of several forms, a field is required if each of them requires it. */
export function fieldsOf(schema: Schema, prefix = ''): Field[] {
  if (schema.anyOf) return fieldsOfForms(schema.anyOf, prefix);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const isRequired = schema.required?.includes(name) ?? false;
    return [fieldOf(`${prefix}${name}`, property, isRequired), ...innerFields(`${prefix}${name}`, property)];
  });
}

function innerFields(name: string, property: Schema): Field[] {
  if (property.items) return fieldsOf(property.items, `${name}[].`);
  return fieldsOf(property, `${name}.`);
}

function fieldsOfForms(forms: readonly Schema[], prefix: string): Field[] {
  const merged = new Map<string, Field[]>();
  for (const field of forms.flatMap((form) => fieldsOf(form, prefix))) {
    merged.set(field.name, [...(merged.get(field.name) ?? []), field]);
  }
  return [...merged.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const isRequired = same.length === forms.length && same.every((field) => field.isRequired);
    return [{ ...first, isRequired, allowed: [...new Set(same.map(({ allowed }) => allowed))].join(' or ') }];
  });
}

function fieldOf(name: string, schema: Schema, isRequired: boolean): Field {
  return {
    name,
    isRequired,
    allowed: allowedBy(schema),
    default: schema.default === undefined ? undefined : JSON.stringify(schema.default),
    description: schema.description ?? '',
  };
}

/** What an error says was expected, if the schema has it; else its type. */
export function allowedBy(schema: Schema): string {
  if (schema['x-expected']) return schema['x-expected'];
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (values) return values.map((value) => JSON.stringify(value)).join(', ');
  if (schema.format === 'date-time') return 'a time, such as "2026-11-29T09:00:00.000Z"';
  if (schema.type === 'array') return `a list, each ${allowedBy(schema.items ?? {})}`;
  if (schema.type === 'integer') return 'a whole number';
  return schema.type ?? 'any';
}
