export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: unknown;
}

/** The statements of a policy as IAM (URL-encoded) or another service (as it is) gives it. */
export function statementsOf(document: string | undefined): readonly Statement[] {
  const json = document?.startsWith('%7B') ? decodeURIComponent(document) : document;
  return (JSON.parse(json ?? '{}') as { readonly Statement?: readonly Statement[] }).Statement ?? [];
}

/** `ACTION RESOURCE` for each that a policy names, sorted. */
export function permissionsOf(document: string | undefined): string[] {
  return statementsOf(document)
    .flatMap(({ Action, Resource }) =>
      [Action].flat().flatMap((action) => [Resource ?? ''].flat().map((resource) => `${action} ${resource}`)),
    )
    .sort();
}
