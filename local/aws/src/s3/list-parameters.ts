import { invalidArgument } from './responses.ts';
import { uriEncodePath } from './uri.ts';

const MAX_ENTRIES = 1000;

/** How many entries a page may have: at most 1000, whatever is asked for. @throws S3Error InvalidArgument (400) */
export function readMax(query: URLSearchParams, name: string): number {
  const value = query.get(name);
  if (value === null || value === '') return MAX_ENTRIES;
  if (!/^\d+$/.test(value) || Number(value) > 2 ** 31 - 1) {
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, value);
  }
  return Math.min(Number(value), MAX_ENTRIES);
}

/** How keys are written in a list: as they are, or percent-encoded. @throws S3Error InvalidArgument (400) */
export function readEncoding(query: URLSearchParams): {
  type: string | undefined;
  encode: (key: string) => string;
} {
  const type = query.get('encoding-type') ?? undefined;
  if (type === undefined) return { type, encode: (key) => key };
  if (type !== 'url')
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
  return { type, encode: uriEncodePath };
}
