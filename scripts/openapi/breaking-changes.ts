import { assertAllCompared } from './known-fields.ts';
import type { Content, DescribedResponse, OpenApi, Operation, Parameter } from './open-api.ts';
import { brokenRequests, brokenResponses } from './schema-changes.ts';

// Own lines, because what npm has for this reads OpenAPI up to 3.0 (openapi-diff 0.24.1), and oasdiff, which reads 3.1, is a
// program in Go. This knows what the url-issuer's description is made of, and refuses what it does not know.

/**
 * Why a client that was written against `before` might not work with `after`, one sentence a reason. An optional
 * addition is no reason.
 *
 * @throws Error when either has something that is not compared here
 */
export function breakingChanges(before: OpenApi, after: OpenApi): string[] {
  assertAllCompared('the description', 'document', before, after);
  assertAllCompared('components', 'components', before.components ?? {}, after.components ?? {});
  return [
    ...(['openapi', 'servers'] as const).flatMap((name) =>
      changedValue('the description', name, before[name], after[name]),
    ),
    // Nothing refers to them: a `$ref` is not known here.
    ...changedValue('components', 'schemas', before.components?.schemas, after.components?.schemas),
    ...changedSecuritySchemes(before, after),
    ...Object.entries(before.paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) => {
        const name = `${method.toUpperCase()} ${path}`;
        const now = after.paths[path]?.[method];
        if (!now) return [`${name} is gone`];
        return [
          ...(isSame(operation.security ?? before.security, now.security ?? after.security)
            ? []
            : [`${name} asks for another key`]),
          ...changedOperation(name, operation, now),
        ];
      }),
    ),
  ];
}

/** How a key is sent: of every way that there was. */
function changedSecuritySchemes(before: OpenApi, after: OpenApi): string[] {
  return Object.entries(before.components?.securitySchemes ?? {}).flatMap(([name, scheme]) =>
    changedValue('securitySchemes', name, scheme, after.components?.securitySchemes?.[name]),
  );
}

function changedOperation(name: string, before: Operation, after: Operation): string[] {
  assertAllCompared(name, 'operation', before, after);
  const isNewSuccess = (status: string) => status.startsWith('2') && !before.responses[status];
  return [
    ...changedValue(name, 'operationId', before.operationId, after.operationId),
    ...changedParameters(name, before.parameters ?? [], after.parameters ?? []),
    ...changedBody(name, before, after),
    ...Object.entries(before.responses).flatMap(([status, response]) => {
      const now = after.responses[status];
      if (!now) return [`${name} no longer responds with ${status}`];
      return changedResponse(`${name}, response ${status}`, response, now);
    }),
    ...Object.keys(after.responses)
      .filter(isNewSuccess)
      .map((status) => `${name} may respond with ${status} now`),
  ];
}

function changedParameters(name: string, before: readonly Parameter[], after: readonly Parameter[]) {
  assertAllCompared(name, 'parameter', ...before, ...after);
  const find = (parameters: readonly Parameter[], wanted: Parameter) =>
    parameters.find((parameter) => parameter.in === wanted.in && parameter.name === wanted.name);
  return [
    ...before.flatMap((parameter) => {
      const where = `${name}, ${parameter.in} ${parameter.name}`;
      const now = find(after, parameter);
      if (!now) return [`${where} is gone`];
      return brokenRequests(where, parameter.schema, now.schema);
    }),
    ...after
      .filter((parameter) => parameter.required && !find(before, parameter)?.required)
      .map((parameter) => `${name}, ${parameter.in} ${parameter.name} is required now`),
  ];
}

function changedBody(name: string, before: Operation, after: Operation): string[] {
  const where = `${name}, body`;
  assertAllCompared(where, 'body', before.requestBody ?? {}, after.requestBody ?? {});
  if (!before.requestBody) return after.requestBody?.required ? [`${where} is required now`] : [];
  if (!after.requestBody) return [`${where} is gone`];
  return [
    ...(after.requestBody.required && !before.requestBody.required ? [`${where} is required now`] : []),
    ...changedContent(where, before.requestBody.content, after.requestBody.content, brokenRequests),
  ];
}

function changedResponse(where: string, before: DescribedResponse, after: DescribedResponse): string[] {
  assertAllCompared(where, 'response', before, after);
  const headers = Object.entries(before.headers ?? {}).flatMap(([name, header]) => {
    const now = after.headers?.[name];
    if (!now) return [`${where}, header ${name} is gone`];
    assertAllCompared(`${where}, header ${name}`, 'header', header, now);
    return [
      ...(header.required && !now.required ? [`${where}, header ${name} may be missing now`] : []),
      ...brokenResponses(`${where}, header ${name}`, header.schema, now.schema),
    ];
  });
  return [...headers, ...changedContent(where, before.content, after.content, brokenResponses)];
}

function changedContent(
  where: string,
  before: Content | undefined,
  after: Content | undefined,
  broken: typeof brokenResponses,
): string[] {
  const isNew = before === undefined && after !== undefined;
  return [
    ...(isNew ? [`${where} has a body now`] : []),
    ...Object.entries(before ?? {}).flatMap(([mediaType, content]) => {
      const now = after?.[mediaType];
      if (!now) return [`${where} is no ${mediaType} any more`];
      assertAllCompared(where, 'media type', content, now);
      return broken(where, content.schema, now.schema);
    }),
  ];
}

function changedValue(where: string, name: string, before: unknown, after: unknown): string[] {
  if (isSame(before, after)) return [];
  return [`${where}: ${name} was ${JSON.stringify(before)} and is ${JSON.stringify(after)}`];
}

function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}
