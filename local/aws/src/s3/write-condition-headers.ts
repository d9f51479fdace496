import type { WriteConditions } from '../storage/write-conditions.ts';
import type { NamedValues } from './named-values.ts';
import { notImplemented } from './responses.ts';

/** The conditions of a write, as its headers say them. @throws S3Error NotImplemented (501) for a value that S3 knows not */
export function readWriteConditions(given: NamedValues): Pick<WriteConditions, 'ifNoneMatch' | 'ifMatch'> {
  const ifNoneMatch = given.get('if-none-match');
  const ifMatch = given.get('if-match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw notImplemented(`If-None-Match: ${ifNoneMatch} on a write`);
  if (ifNoneMatch !== undefined && ifMatch !== undefined)
    throw notImplemented('If-Match together with If-None-Match');
  return { ...(ifNoneMatch && { ifNoneMatch }), ...(ifMatch && { ifMatch }) };
}
