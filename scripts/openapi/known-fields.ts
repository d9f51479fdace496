/** Fields for readers. They bind no client. */
const WORDS = ['description', 'summary', 'title', 'info', 'tags', 'examples', 'deprecated', 'x-expected'];

/**
 * What the check for breaking changes compares, of each kind of object. All that stands here and is no word has to be compared:
 * what is not known must not change unseen.
 */
const COMPARED = {
  document: ['openapi', 'servers', 'paths', 'components', 'security'],
  components: ['securitySchemes', 'schemas'],
  operation: ['operationId', 'parameters', 'requestBody', 'responses', 'security'],
  parameter: ['in', 'name', 'required', 'schema'],
  body: ['required', 'content'],
  response: ['headers', 'content'],
  header: ['required', 'schema'],
  'media type': ['schema'],
  schema: [
    ...['type', 'format', 'default', 'enum', 'const', 'anyOf', 'pattern', 'multipleOf'],
    ...['required', 'properties', 'additionalProperties', 'propertyNames', 'items', 'uniqueItems'],
    ...['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'],
    ...['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'],
  ],
} as const;

/** @throws Error that names the fields that are not compared yet */
export function assertAllCompared(where: string, kind: keyof typeof COMPARED, ...objects: object[]): void {
  const known: readonly string[] = [...COMPARED[kind], ...WORDS];
  const names = new Set(objects.flatMap((object) => Object.keys(object)));
  const unknown = [...names].filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new Error(
    `${where}: the check for breaking changes does not compare ${unknown.join(', ')} (in: ${kind}) yet: teach it in scripts/openapi/`,
  );
}
