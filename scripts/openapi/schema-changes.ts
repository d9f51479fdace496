import type { Schema } from './open-api.ts';

/** What a client was allowed to send and no longer is, one sentence each. */
export function brokenRequests(where: string, before: Schema, after: Schema): string[] {
  const others = Object.keys(before.properties ?? {}).filter((name) => !after.properties?.[name]);
  const required = (after.required ?? []).filter((name) => !before.required?.includes(name));
  return [
    ...changedShape(where, before, after),
    ...others
      .filter(() => after.additionalProperties === false)
      .map((name) => `${where}: "${name}" is not taken any more`),
    ...required.map((name) => `${where}: "${name}" is required now`),
    ...(before.enum ?? [])
      .filter((value) => after.enum && !after.enum.includes(value))
      .map((value) => `${where}: ${JSON.stringify(value)} is not allowed any more`),
    ...(after.enum && !before.enum ? [`${where}: only some values are allowed now`] : []),
    ...(before.additionalProperties !== false && after.additionalProperties === false
      ? [`${where}: other fields are refused now`]
      : []),
    ...(after.pattern !== undefined && after.pattern !== before.pattern
      ? [`${where}: another pattern is asked for`]
      : []),
    ...tighterBounds(where, before, after),
    ...inside(where, before, after, brokenRequests),
  ];
}

/** What a client could find in an answer and no longer can, one sentence each. */
export function brokenAnswers(where: string, before: Schema, after: Schema): string[] {
  const missing = Object.keys(before.properties ?? {}).filter((name) => !after.properties?.[name]);
  const uncertain = (before.required ?? []).filter(
    (name) => after.properties?.[name] && !after.required?.includes(name),
  );
  return [
    ...changedShape(where, before, after),
    ...missing.map((name) => `${where}: "${name}" is gone`),
    ...uncertain.map((name) => `${where}: "${name}" may be missing now`),
    ...(before.enum && !after.enum ? [`${where}: any value may come now`] : []),
    ...inside(where, before, after, brokenAnswers),
  ];
}

function changedShape(where: string, before: Schema, after: Schema): string[] {
  const changed = (['type', 'format'] as const).filter((keyword) => before[keyword] !== after[keyword]);
  const alternatives = (before.anyOf?.length ?? 0) > (after.anyOf?.length ?? 0);
  return [
    ...changed.map((keyword) => `${where}: its ${keyword} was ${before[keyword]} and is ${after[keyword]}`),
    ...(alternatives ? [`${where}: an alternative is gone`] : []),
  ];
}

function tighterBounds(where: string, before: Schema, after: Schema): string[] {
  const least = (['minimum', 'minLength'] as const).filter(
    (bound) => (after[bound] ?? Number.NEGATIVE_INFINITY) > (before[bound] ?? Number.NEGATIVE_INFINITY),
  );
  const most = (['maximum', 'maxLength'] as const).filter(
    (bound) => (after[bound] ?? Number.POSITIVE_INFINITY) < (before[bound] ?? Number.POSITIVE_INFINITY),
  );
  return [...least, ...most].map((bound) => `${where}: its ${bound} is ${after[bound]} now`);
}

function inside(where: string, before: Schema, after: Schema, broken: typeof brokenAnswers): string[] {
  const properties = Object.entries(before.properties ?? {}).flatMap(([name, schema]) => {
    const now = after.properties?.[name];
    return now ? broken(`${where}, ${name}`, schema, now) : [];
  });
  // In their order: whoever puts them in another one sees a change that is none, and can tell.
  const alternatives = (before.anyOf ?? []).flatMap((schema, at) => {
    const now = after.anyOf?.[at];
    return now ? broken(`${where}, alternative ${at + 1}`, schema, now) : [];
  });
  const [other, now] = [before.additionalProperties, after.additionalProperties];
  const others =
    typeof other === 'object' && typeof now === 'object' ? broken(`${where}, any field`, other, now) : [];
  return [...properties, ...alternatives, ...others];
}
