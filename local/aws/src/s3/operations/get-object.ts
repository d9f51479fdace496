import { pipeline } from 'node:stream/promises';
import type { Operation } from '../call.ts';
import { headerValues } from '../named-values.ts';
import { namedVersion } from '../named-version.ts';
import { contentRange, readRange } from '../range.ts';
import { checkReadConditions } from '../read-conditions.ts';
import { notImplemented, respondEmpty, setHeaders } from '../responses.ts';
import { describe } from './head-object.ts';

/** Amazon S3 API Reference, "GetObject". */
export const getObject: Operation = async (call, { storage }) => {
  const { response, query } = call;
  const version = namedVersion(call, storage);
  const given = headerValues(call.request);
  if (query.has('partNumber')) throw notImplemented('GetObject with partNumber');
  const headers = describe(call, version, storage);
  if (checkReadConditions(given, version) === 'not-modified') {
    respondEmpty(response, 304, { etag: headers['etag'], 'last-modified': headers['last-modified'] });
    return;
  }
  const range = readRange(given, version.sizeBytes);
  setHeaders(response, headers);
  if (range !== undefined) setHeaders(response, contentRange(range, version.sizeBytes));
  response.writeHead(range === undefined ? 200 : 206);
  await pipeline(storage.read(version, range), response);
};
