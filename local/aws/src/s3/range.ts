import { S3Error } from '../s3-error.ts';
import type { ByteRange } from '../storage/object-version.ts';
import type { NamedValues } from './named-values.ts';
import { invalidArgument } from './responses.ts';

/** The range of a read; undefined for the whole object, also if S3 does not understand the header. @throws S3Error InvalidRange (416) */
export function readRange(given: NamedValues, sizeBytes: number): ByteRange | undefined {
  const header = given.get('range') ?? '';
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  if (first > last) {
    throw new S3Error('InvalidRange', 416, 'The requested range is not satisfiable', {
      RangeRequested: header,
      ActualObjectSize: String(sizeBytes),
    });
  }
  return { first, last };
}

export function contentRange({ first, last }: ByteRange, sizeBytes: number): Record<string, string> {
  return {
    'content-length': String(last - first + 1),
    'content-range': `bytes ${first}-${last}/${sizeBytes}`,
  };
}

/** The range of a copied part: both ends, within the source. @throws S3Error InvalidArgument (400) */
export function readCopyRange(given: NamedValues, sizeBytes: number): ByteRange | undefined {
  const name = 'x-amz-copy-source-range';
  const header = given.get(name);
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  if (first === undefined || last === undefined || Number(first) > Number(last)) {
    throw invalidArgument(
      `The ${name} value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy`,
      name,
      header,
    );
  }
  if (Number(last) >= sizeBytes) {
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${sizeBytes}`,
      name,
      header,
    );
  }
  return { first: Number(first), last: Number(last) };
}
