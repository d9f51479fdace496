import { NAME_PART_MAX_BYTES } from '@upload-once/uploads';
import { RequestRefused } from './access-rules.ts';

/** The name part, the time and the random part. */
const MOST_ID_BYTES = NAME_PART_MAX_BYTES + 100;

/** The id of an upload behind a route's path. @throws RequestRefused 400 */
export function uploadId(rest: string): string {
  let id: string;
  try {
    id = decodeURIComponent(rest);
  } catch {
    id = '';
  }
  if (id !== '' && Buffer.byteLength(id) <= MOST_ID_BYTES) return id;
  throw new RequestRefused(400, 'BadId', `an upload's id has 1 to ${MOST_ID_BYTES} bytes`);
}

/** A whole number of a request's body. @throws RequestRefused 400 */
export function wholeNumber(
  body: Readonly<Record<string, unknown>>,
  name: string,
  least: number,
  most: number,
): number {
  const value = body[name];
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
    return value as number;
  throw new RequestRefused(400, 'BadRequest', `a whole number from ${least} to ${most} was expected`);
}
