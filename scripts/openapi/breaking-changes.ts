import type { Content, OpenApi, Operation, Parameter } from './open-api.ts';
import { brokenAnswers, brokenRequests } from './schema-changes.ts';

// Own lines, because what npm has for this reads OpenAPI up to 3.0 (openapi-diff 0.24.1), and oasdiff, which reads 3.1, is a
// program in Go. This knows what the url-issuer's description is made of, and no more.

/**
 * Why a client that was written against `before` might not work with `after`, one sentence a reason. Something new that
 * nobody has to use is no reason.
 */
export function breakingChanges(before: OpenApi, after: OpenApi): string[] {
  return Object.entries(before.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) => {
      const name = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[method];
      if (!now) return [`${name} is gone`];
      const security = JSON.stringify(operation.security ?? before.security);
      const isGuardedOtherwise = JSON.stringify(now.security ?? after.security) !== security;
      return [
        ...(isGuardedOtherwise ? [`${name} asks for another key`] : []),
        ...changedOperation(name, operation, now),
      ];
    }),
  );
}

function changedOperation(name: string, before: Operation, after: Operation): string[] {
  return [
    ...changedParameters(name, before.parameters ?? [], after.parameters ?? []),
    ...changedBody(name, before, after),
    ...Object.entries(before.responses).flatMap(([status, { content }]) => {
      const now = after.responses[status];
      if (!now) return [`${name} no longer answers ${status}`];
      return changedContent(`${name}, answer ${status}`, content, now.content, brokenAnswers);
    }),
  ];
}

function changedParameters(name: string, before: readonly Parameter[], after: readonly Parameter[]) {
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
  if (!before.requestBody) return after.requestBody?.required ? [`${where} is required now`] : [];
  if (!after.requestBody) return [`${where} is gone`];
  return [
    ...(after.requestBody.required && !before.requestBody.required ? [`${where} is required now`] : []),
    ...changedContent(where, before.requestBody.content, after.requestBody.content, brokenRequests),
  ];
}

function changedContent(
  where: string,
  before: Content | undefined,
  after: Content | undefined,
  broken: typeof brokenAnswers,
): string[] {
  return Object.entries(before ?? {}).flatMap(([mediaType, { schema }]) => {
    const now = after?.[mediaType];
    return now ? broken(where, schema, now.schema) : [`${where} is no ${mediaType} any more`];
  });
}
