import { allowsContentType, isExecutedByBrowsers } from '@upload-once/access';
import { withoutHiddenCharacters } from '@upload-once/text/hidden-characters';
import {
  assertNamePart,
  encodedFilename,
  FILENAME_MAX_BYTES,
  FILENAME_METADATA,
  InvalidNamePart,
  isFilename,
} from '@upload-once/uploads';
import type { Static } from 'typebox';
import { formBytes, headerBytes, S3_FORM_MAX_BYTES, S3_HEADERS_MAX_BYTES } from './request-bytes.ts';
import { FILENAME_EXPECTED, FILENAME_VARIABLE, METADATA_MAX_BYTES, type uploadBody } from './upload-body.ts';
import {
  maxBytesFor,
  type UploadDefaults,
  type UploadRequest,
  type UploadRequester,
} from './upload-request.ts';
import { refuseAny, type Violation } from './violations.ts';

type Body = Static<typeof uploadBody>;

/**
 * Makes an order of a body that its schema found no violation in.
 * @throws HttpError that names every wrong field, its value and what is allowed: 400, or 403 where nothing is wrong but what this
 *   key must not ask for
 */
export function readUploadBody(
  body: Body,
  requester: UploadRequester,
  defaults: UploadDefaults,
): UploadRequest {
  const limitBytes = maxBytesFor(requester, defaults);
  refuseAny([
    ...violationsOfName(body.name),
    ...violationsOfMethod(body, defaults),
    ...violationsOfContentType(body.contentType, requester),
    ...violationsOfSizes(body, limitBytes, requester),
    ...violationsOfLifetime(body, defaults),
    ...violationsOfFilename(body),
    ...violationsOfSuccess(body, defaults),
    ...violationsOfMetadata(body),
    ...violationsOfVariables(body),
  ]);
  const { method = 'post', contentType, sha256, minBytes = 0, maxBytes = limitBytes } = body;
  const { filename, successStatus, successRedirect } = body;
  const uploadRequest: UploadRequest = {
    namePart: body.name ?? defaults.namePart,
    isSharded: defaults.shardedKeys,
    constraints: {
      method,
      minBytes,
      maxBytes,
      ...(contentType !== undefined && { contentType }),
      ...(sha256 !== undefined && { sha256: inBase64(sha256) }),
      ...(filename !== undefined && { filename }),
      ...(successStatus !== undefined && { successStatus }),
      ...(successRedirect !== undefined && { successRedirect }),
    },
    metadata: body.metadata ?? {},
    lifetimeSeconds: body.expiresInSeconds ?? defaults.lifetimeSeconds,
  };
  refuseAny(violationsOfWhole(uploadRequest));
  return uploadRequest;
}

function violationsOfName(name: string | undefined): Violation[] {
  if (name === undefined) return [];
  try {
    assertNamePart(name);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidNamePart)) throw error;
    return [{ message: `"name" can't be used: ${error.message}` }];
  }
}

/** Where the bucket takes no presigned PUT, S3 would refuse every request to its URL. */
export function violationsOfMethod(
  { method }: Pick<Body, 'method'>,
  { presignedPut }: UploadDefaults,
): Violation[] {
  if (method !== 'put' || presignedPut) return [];
  return [{ message: '"method" is "post" here, not "put": this installation takes no presigned PUTs' }];
}

function violationsOfContentType(contentType: string | undefined, requester: UploadRequester): Violation[] {
  if (allowsContentType(requester, contentType)) return [];
  const allowed = requester.allowedContentTypes?.join(', ');
  if (contentType === undefined) {
    return [{ message: `"contentType" is needed with this key: one of ${allowed}` }];
  }
  const shown = JSON.stringify(contentType);
  const hasWildcard = requester.allowedContentTypes?.some((type) => type.endsWith('/*'));
  const reason =
    hasWildcard && isExecutedByBrowsers(contentType) ? `: "/*" leaves out what browsers execute` : '';
  const message = `"contentType" is one of ${allowed} for this key, not ${shown}${reason}`;
  return [{ message, forbidden: 'ContentTypeNotAllowed' }];
}

function violationsOfSizes(body: Body, limitBytes: number, requester: UploadRequester): Violation[] {
  const { method = 'post', minBytes = 0, maxBytes = limitBytes } = body;
  const isOfKey = requester.maxBytes === limitBytes;
  const tooLarge = Object.entries({ maxBytes, minBytes })
    .filter(([, bytes]) => bytes > limitBytes)
    .map(
      ([field, bytes]): Violation => ({
        message: `"${field}" is at most ${limitBytes}${isOfKey ? ' for this key' : ''}, not ${bytes}`,
        ...(isOfKey && { forbidden: 'TooLargeForKey' }),
      }),
    );
  if (method === 'put' && (body.minBytes === undefined || minBytes !== maxBytes)) {
    const message = `"minBytes" and "maxBytes" are both the exact size when "method" is "put", not ${JSON.stringify(body.minBytes)} and ${JSON.stringify(body.maxBytes)}`;
    return [...tooLarge, { message }];
  }
  // Said of what was asked for: beyond the limit it has been named already.
  if (minBytes > maxBytes && minBytes <= limitBytes) {
    return [
      ...tooLarge,
      { message: `"minBytes" is at most "maxBytes", which is ${maxBytes}, not ${minBytes}` },
    ];
  }
  return tooLarge;
}

export function violationsOfLifetime(
  { expiresInSeconds }: Pick<Body, 'expiresInSeconds'>,
  { lifetimeMaxSeconds }: Pick<UploadDefaults, 'lifetimeMaxSeconds'>,
): Violation[] {
  if (expiresInSeconds === undefined || expiresInSeconds <= lifetimeMaxSeconds) return [];
  return [{ message: `"expiresInSeconds" is at most ${lifetimeMaxSeconds} here, not ${expiresInSeconds}` }];
}

/** Names and values are ASCII: a character is a byte. The file's name is one of them. */
function violationsOfMetadata({ metadata = {}, filename }: Body): Violation[] {
  const named = filename?.isWellFormed() ? { [FILENAME_METADATA]: encodedFilename(filename) } : {};
  const sizeBytes = Object.entries({ ...metadata, ...named }).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  );
  if (sizeBytes <= METADATA_MAX_BYTES) return [];
  return [
    {
      message: `"metadata" has at most ${METADATA_MAX_BYTES} bytes, names and values together, not ${sizeBytes}`,
    },
  ];
}

/** What a program can take for a name, and never for a path. */
export function violationsOfFilename({
  filename,
  metadata = {},
}: Pick<Body, 'filename' | 'metadata'>): Violation[] {
  if (filename === undefined) return [];
  return [
    ...(isFilename(filename)
      ? []
      : [{ message: `"filename" is ${FILENAME_EXPECTED}, not ${shownFilename(filename)}` }]),
    ...(Object.hasOwn(metadata, FILENAME_METADATA)
      ? [{ message: '"metadata" has no "filename" beside the field "filename", which is kept there' }]
      : []),
  ];
}

function shownFilename(filename: string): string {
  return withoutHiddenCharacters(JSON.stringify(filename.slice(0, FILENAME_MAX_BYTES)));
}

/** What S3 does after a stored form. A PUT has no such thing. */
function violationsOfSuccess(
  { method = 'post', successStatus, successRedirect }: Body,
  { redirectOrigins }: UploadDefaults,
): Violation[] {
  const given = Object.entries({ successStatus, successRedirect }).filter(([, value]) => value !== undefined);
  if (method === 'put')
    return given.map(([field]) => ({ message: `"${field}" is for a form: a PUT has none of it` }));
  if (given.length > 1)
    return [
      {
        message:
          '"successStatus" and "successRedirect" can\'t be given together: S3 responds 303 to redirect',
      },
    ];
  if (successRedirect === undefined || redirectOrigins.includes(originOf(successRedirect))) return [];
  const allowed = redirectOrigins.length === 0 ? 'none is allowed' : `one of ${redirectOrigins.join(', ')}`;
  return [
    {
      message: `"successRedirect" leads to an origin that this installation allows (${allowed}), not to ${JSON.stringify(successRedirect)}`,
    },
  ];
}

/** Empty where there is none, or where a user name stands before it. */
function originOf(address: string): string {
  const url = URL.parse(address);
  return url === null || url.username !== '' || url.password !== '' ? '' : url.origin;
}

/** A PUT has no variables: there it is a value like any other. */
function violationsOfVariables(body: Body): Violation[] {
  const { method = 'post', contentType = '', successRedirect = '', metadata = {} } = body;
  if (method !== 'post') return [];
  const values = {
    contentType: [contentType],
    successRedirect: [successRedirect],
    metadata: Object.values(metadata),
  };
  return Object.entries(values)
    .filter(([, texts]) => texts.some((text) => text.includes(FILENAME_VARIABLE)))
    .map(([field]) => ({
      message: `"${field}" has no ${FILENAME_VARIABLE} in a form: S3 puts the name of the file in its place, and refuses what comes of it`,
    }));
}

/** Everything else has a bound of its own, and leaves room: what is too much is the metadata. */
function violationsOfWhole(uploadRequest: UploadRequest): Violation[] {
  const tooMuch = (what: string, bytes: number, maxBytes: number): Violation[] => {
    if (bytes <= maxBytes) return [];
    const message = `"metadata" is too much beside all else: ${what} can have ${bytes} bytes, and S3 takes ${maxBytes}; fewer entries and shorter names take less`;
    return [{ message }];
  };
  const { method } = uploadRequest.constraints;
  return [
    ...(method === 'post'
      ? tooMuch('a form without its file', formBytes(uploadRequest), S3_FORM_MAX_BYTES)
      : []),
    ...tooMuch('a request with it in its headers', headerBytes(uploadRequest), S3_HEADERS_MAX_BYTES),
  ];
}

function inBase64(sha256: string): string {
  return sha256.length === 64 ? Buffer.from(sha256, 'hex').toString('base64') : sha256;
}
