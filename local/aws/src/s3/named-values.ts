import type { IncomingMessage } from 'node:http';

/** What a request, or a form, says by name: names in lower case. */
export type NamedValues = ReadonlyMap<string, string>;

export function headerValues(request: IncomingMessage): NamedValues {
  return new Map(
    Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(',')]),
  );
}
