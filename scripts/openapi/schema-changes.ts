import { assertAllCompared } from './known-fields.ts';
import type { Schema } from './open-api.ts';

const LEAST = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const;
const MOST = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const;
/** These are compared as a whole. A change of one that breaks no client is reported too; the reader of the report decides. */
const WHOLE = ['type', 'format', 'default'] as const;

/** What a client was allowed to send and no longer is, one sentence each. */
export function brokenRequests(where: string, before: Schema, after: Schema): string[] {
  assertAllCompared(where, 'schema', before, after);
  const required = (after.required ?? []).filter((name) => !before.required?.includes(name));
  return [
    ...changedWhole(where, before, after),
    ...required.map((name) => `${where}: "${name}" is required now`),
    ...changedValues(where, after, before, 'is not allowed any more', 'only some values are allowed now'),
    ...(isStricter(after, before) ? [`${where}: another pattern is asked for`] : []),
    ...lostAlternatives(where, before, after, 'an alternative is gone'),
    ...tighterBounds(after, before).map((bound) => `${where}: its ${bound} is ${after[bound]} now`),
    ...fieldsNoLongerTaken(where, before, after),
    ...inside(where, before, after, brokenRequests),
  ];
}

/** What a client could rely on in a response and no longer can, one sentence each. */
export function brokenResponses(where: string, before: Schema, after: Schema): string[] {
  assertAllCompared(where, 'schema', before, after);
  const missing = Object.keys(before.properties ?? {}).filter((name) => !after.properties?.[name]);
  const uncertain = (before.required ?? []).filter(
    (name) => after.properties?.[name] && !after.required?.includes(name),
  );
  return [
    ...changedWhole(where, before, after),
    ...missing.map((name) => `${where}: "${name}" is gone`),
    ...uncertain.map((name) => `${where}: "${name}" may be missing now`),
    ...changedValues(where, before, after, 'may come now', 'any value may come now'),
    ...(isStricter(before, after) ? [`${where}: what does not fit its pattern may come now`] : []),
    ...lostAlternatives(where, before, after, 'an alternative is gone'),
    ...lostAlternatives(where, after, before, 'another alternative may come now'),
    ...tighterBounds(before, after).map((bound) => `${where}: its ${bound} was ${before[bound]}`),
    ...fieldsThatMayCome(where, before, after),
    ...inside(where, before, after, brokenResponses),
  ];
}

function changedWhole(where: string, before: Schema, after: Schema): string[] {
  return WHOLE.filter((keyword) => !isSame(before[keyword], after[keyword])).map(
    (keyword) => `${where}: its ${keyword} was ${shown(before[keyword])} and is ${shown(after[keyword])}`,
  );
}

/** The values of `wide` that `narrow`, which names its values, does not name. */
function changedValues(where: string, narrow: Schema, wide: Schema, one: string, any: string): string[] {
  const [few, more] = [valuesOf(narrow), valuesOf(wide)];
  if (!few) return [];
  if (!more) return [`${where}: ${any}`];
  return more
    .filter((value) => !few.some((other) => isSame(other, value)))
    .map((value) => `${where}: ${JSON.stringify(value)} ${one}`);
}

function valuesOf(schema: Schema): readonly unknown[] | undefined {
  return 'const' in schema ? [schema.const] : schema.enum;
}

/** Whether the first asks for something by a keyword that can only be the same or not, and the second does not ask for just that. */
function isStricter(strict: Schema, loose: Schema): boolean {
  return (['pattern', 'multipleOf', 'uniqueItems'] as const).some(
    (keyword) => strict[keyword] !== undefined && strict[keyword] !== loose[keyword],
  );
}

function lostAlternatives(where: string, from: Schema, to: Schema, sentence: string): string[] {
  return (from.anyOf?.length ?? 0) > (to.anyOf?.length ?? 0) ? [`${where}: ${sentence}`] : [];
}

/** The bounds by which the first allows less than the second. */
function tighterBounds(tight: Schema, wide: Schema) {
  const least = LEAST.filter(
    (bound) => (tight[bound] ?? Number.NEGATIVE_INFINITY) > (wide[bound] ?? Number.NEGATIVE_INFINITY),
  );
  const most = MOST.filter(
    (bound) => (tight[bound] ?? Number.POSITIVE_INFINITY) < (wide[bound] ?? Number.POSITIVE_INFINITY),
  );
  return [...least, ...most];
}

function fieldsNoLongerTaken(where: string, before: Schema, after: Schema): string[] {
  const dropped = Object.keys(before.properties ?? {}).filter((name) => !after.properties?.[name]);
  const wasOpen = before.additionalProperties !== false && before.type === 'object';
  const isHeldToOne = typeof after.additionalProperties === 'object';
  return [
    ...(after.additionalProperties === false
      ? dropped.map((name) => `${where}: "${name}" is not taken any more`)
      : []),
    ...(wasOpen && after.additionalProperties === false ? [`${where}: other fields are refused now`] : []),
    ...(wasOpen && typeof before.additionalProperties !== 'object' && isHeldToOne
      ? [`${where}: other fields are held to a schema now`]
      : []),
  ];
}

function fieldsThatMayCome(where: string, before: Schema, after: Schema): string[] {
  const fresh = Object.keys(after.properties ?? {}).filter((name) => !before.properties?.[name]);
  const wasOpen = before.additionalProperties === undefined || before.additionalProperties === true;
  const isLooser =
    after.additionalProperties !== false &&
    (before.additionalProperties === false || typeof after.additionalProperties !== 'object');
  return wasOpen
    ? []
    : [
        ...fresh.map((name) => `${where}: "${name}" may come now`),
        ...(isLooser ? [`${where}: other fields may come now`] : []),
      ];
}

function inside(where: string, before: Schema, after: Schema, broken: typeof brokenResponses): string[] {
  const properties = Object.entries(before.properties ?? {}).flatMap(([name, schema]) => {
    const now = after.properties?.[name];
    return now ? broken(`${where}, ${name}`, schema, now) : [];
  });
  // In their order. A new order alone is reported as a change; the reader of the report decides.
  const alternatives = (before.anyOf ?? []).flatMap((schema, at) => {
    const now = after.anyOf?.[at];
    return now ? broken(`${where}, alternative ${at + 1}`, schema, now) : [];
  });
  const [other, now] = [before.additionalProperties, after.additionalProperties];
  const others =
    typeof other === 'object' && typeof now === 'object' ? broken(`${where}, any field`, other, now) : [];
  const names =
    before.propertyNames || after.propertyNames
      ? broken(`${where}, any name`, before.propertyNames ?? {}, after.propertyNames ?? {})
      : [];
  const items =
    before.items || after.items ? broken(`${where}, any item`, before.items ?? {}, after.items ?? {}) : [];
  return [...properties, ...alternatives, ...others, ...names, ...items];
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}
