import { UploadState } from '@upload-once/uploads';
import { type TSchema, Type } from 'typebox';

export const time = (description: string) => Type.String({ format: 'date-time', description });

export const id = Type.String({
  description:
    'The object key without "uploads/", and without its shard. It has no slash. In a path it is percent-encoded.',
});
export const state = Type.Enum(Object.values(UploadState), {
  description:
    'ISSUED until a first upload is found, then CLAIMED, ACCEPTED, PROCESSING, and finally PROCESSED or FAILED; or REVOKED. Expiry is not a state.',
});
export const expiresAt = time('An upload can start until this time. It can take longer.');

/** When each error is returned. */
export const ERRORS = {
  400: 'The request is not as described here; the message names the field, its value and what is allowed.',
  403: 'The API key is missing, unknown, disabled or expired, or its limits do not allow this request.',
  404: 'There is no such upload, or no such link, of this API key.',
  408: 'The request came too slowly.',
  409: 'The upload’s state does not allow it: a file has come, or the upload was revoked.',
  410: 'It is over.',
  413: 'The body is too large.',
  414: 'The id is longer than any id can be.',
  415: 'The Content-Type is not JSON in UTF-8, or the body has a Content-Encoding.',
  417: 'The header Expect has another value than 100-continue.',
  422: 'The Idempotency-Key was used for another request before.',
  429: 'The rate or the daily quota of the API key is used up, or too many unknown keys came from the client’s address.',
  431: 'The header is too large.',
  500: 'An error in the service.',
  503: 'A service that the issuer needs is unavailable. Nothing was issued.',
} as const;

export type ErrorStatus = keyof typeof ERRORS;

/** What any request can come to, whatever it asks for. */
const EVERYWHERE: readonly ErrorStatus[] = [400, 403, 408, 417, 429, 431, 500, 503];
/** Returned where there is no request yet: it has no id. */
const NEVER_A_REQUEST: readonly ErrorStatus[] = [431];
/** The same can happen to these. */
const PERHAPS_A_REQUEST: readonly ErrorStatus[] = [400, 408];
/** Returned before the rate is counted, if it ever is. */
const NEVER_COUNTED: readonly ErrorStatus[] = [...NEVER_A_REQUEST, 414, 417];
const AGAIN_LATER: readonly ErrorStatus[] = [429, 503];
/** Only for a request whose key was good and whose rate was counted. */
const ALWAYS_COUNTED: readonly ErrorStatus[] = [409, 410, 413, 415, 422];

/**
 * All responses of a route, for its schema, with the headers of each: `good`, those that any route can give, and `errors`, those of
 * its own. Every error has the same shape, with a message for people and a code for programs.
 */
export function responses(good: Readonly<Record<number, TSchema>>, ...errors: readonly ErrorStatus[]) {
  return describeResponses(ERRORS, good, ...errors);
}

/** The same, with other words for the errors. */
export function describeResponses(
  words: Readonly<Record<ErrorStatus, string>>,
  good: Readonly<Record<number, TSchema>>,
  ...errors: readonly ErrorStatus[]
) {
  const refusals = [...EVERYWHERE, ...errors].map((status) => [
    status,
    Type.Object(
      { message: Type.String(), code: Type.String() },
      { description: words[status], headers: headersOfError(status) },
    ),
  ]);
  const given = Object.entries(good).map(([status, schema]) => [
    status,
    { ...schema, headers: { ...requestId(true), ...rateLimit(true) } },
  ]);
  return Object.fromEntries([...given, ...refusals]);
}

function headersOfError(status: ErrorStatus) {
  return {
    ...(AGAIN_LATER.includes(status) && retryAfter),
    ...(!NEVER_A_REQUEST.includes(status) && requestId(!PERHAPS_A_REQUEST.includes(status))),
    ...(!NEVER_COUNTED.includes(status) && rateLimit(ALWAYS_COUNTED.includes(status))),
  };
}

// `required` is what the plugin `api-description` makes a header's `required` of.

const retryAfter = {
  'Retry-After': {
    type: 'integer',
    minimum: 1,
    description: 'Ask again after this number of seconds.',
    required: true,
  },
};

function requestId(required: boolean) {
  const description = 'The id of this request in the service’s log.';
  return { 'X-Request-Id': { type: 'string', description, required } };
}

function rateLimit(required: boolean) {
  return {
    'RateLimit-Policy': {
      type: 'string',
      description:
        'The limits that the request was counted against (draft-ietf-httpapi-ratelimit-headers-10): "rate", or "status" if it ' +
        'asked for a state, "day" if the daily quota was checked, and "address" before the "rate" of a link. q is the number of requests in each window of w seconds.',
      required,
    },
    RateLimit: {
      type: 'string',
      description:
        'The state of these limits. r is the number of requests left, t the seconds until all are available.',
      required,
    },
  };
}

/** A form: what to send where. */
export const signedForm = {
  method: Type.Literal('post'),
  url: Type.String(),
  fields: Type.Record(Type.String(), Type.String(), {
    description: 'Send them unchanged as multipart/form-data, before the field "file".',
  }),
};

/** A URL: what to send where. */
export const signedPut = {
  method: Type.Literal('put'),
  url: Type.String(),
  headers: Type.Record(Type.String(), Type.String(), {
    description: 'Send them unchanged. The body is exactly the file’s bytes.',
  }),
};

/** What to send where, for one upload. */
export const createdUpload = Type.Union(
  [Type.Object({ id, state, ...signedForm, expiresAt }), Type.Object({ id, state, ...signedPut, expiresAt })],
  { description: 'A form to POST, or a URL to PUT to.' },
);

/** What became of an upload. */
export const uploadResponse = Type.Object(
  {
    id,
    state,
    method: Type.Enum(['post', 'put']),
    contentType: Type.Optional(Type.String({ description: 'The requested Content-Type.' })),
    minBytes: Type.Integer(),
    maxBytes: Type.Integer(),
    filename: Type.Optional(
      Type.String({
        description:
          'The name of the file, if the request had one. For a file that came by a link, it is set when the file is accepted.',
      }),
    ),
    metadata: Type.Record(Type.String(), Type.String()),
    issuedAt: time('When the upload was issued.'),
    expiresAt,
    revokedAt: Type.Optional(time('When it was revoked.')),
    storedAt: Type.Optional(time('When S3 stored the upload that was claimed.')),
    claimedAt: Type.Optional(time('When the service chose the upload that counts.')),
    acceptedAt: Type.Optional(time('When the file was accepted.')),
    processedAt: Type.Optional(time('When its processing finished.')),
    failedAt: Type.Optional(time('When its processing failed, while the state is FAILED.')),
    failureReason: Type.Optional(
      Type.String({
        description: 'Why it failed, while the state is FAILED, if the handler gave a reason for the client.',
      }),
    ),
    sizeBytes: Type.Optional(Type.Integer({ description: 'The size of the upload that was claimed.' })),
    eTag: Type.Optional(Type.String({ description: 'S3’s entity tag of the upload that was claimed.' })),
    sha256: Type.Optional(
      Type.String({
        description:
          'In hexadecimal digits, if the request had one: S3 accepted no other bytes. Otherwise absent: only a reader of the object ' +
          'under accepted/ can get the checksum that S3 made.',
      }),
    ),
    duplicates: Type.Integer({
      description:
        'How many more uploads with the same form are kept as duplicates. Counted up to 1,000 together with `refused`.',
    }),
    refused: Type.Integer({
      description:
        'How many uploads that came after the revocation are kept. Counted up to 1,000 together with `duplicates`.',
    }),
    duplicatesRemoved: Type.Integer({
      description:
        'How many more uploads with the same form were removed. An upload can be counted more than once.',
    }),
    refusedRemoved: Type.Integer({
      description:
        'How many more uploads after the revocation were removed. An upload can be counted more than once.',
    }),
    leadTimeSeconds: Type.Optional(Type.Number({ description: 'From storedAt to processedAt.' })),
  },
  { description: 'The current state of the upload.' },
);
