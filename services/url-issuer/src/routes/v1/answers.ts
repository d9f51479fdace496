import { UploadState } from '@upload-once/uploads';
import { Type } from 'typebox';

const time = (description: string) => Type.String({ format: 'date-time', description });

const id = Type.String({
  description: 'The object key without "uploads/". In a path it is percent-encoded.',
});
const state = Type.Enum(Object.values(UploadState), {
  description:
    'ISSUED until a first upload is found, then CLAIMED, ACCEPTED, PROCESSING, and PROCESSED or FAILED in the end; or REVOKED. Expiry is no state.',
});
const expiresAt = time('Until when an upload can be begun; one that has begun may take longer.');

/** When each error is answered; 429 and 503 come with Retry-After. */
const ERRORS = {
  400: 'The request is not as described here; the message names the field, its value and what is allowed.',
  403: 'The API key is missing or not good, or must not ask for this.',
  404: 'There is no such upload of this API key.',
  409: 'An upload has come already.',
  413: 'The body is too large.',
  415: 'The body is no JSON by its Content-Type.',
  422: 'The Idempotency-Key came with another request before.',
  429: 'The rate or the daily quota of the API key is used up.',
  503: 'Something that the answer needs is away; nothing was given.',
} as const;

/** The errors of a route, for its schema: each has the same shape, with a message for people and a code for programs. */
export function errorAnswers(...statuses: (keyof typeof ERRORS)[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      Type.Object({ message: Type.String(), code: Type.String() }, { description: ERRORS[status] }),
    ]),
  );
}

/** What to send where, for one upload. */
export const createdUpload = Type.Union(
  [
    Type.Object(
      {
        id,
        state,
        method: Type.Literal('post'),
        url: Type.String(),
        fields: Type.Record(Type.String(), Type.String(), {
          description: 'Sent as they are, as multipart/form-data, before the field "file".',
        }),
        expiresAt,
      },
      { additionalProperties: false },
    ),
    Type.Object(
      {
        id,
        state,
        method: Type.Literal('put'),
        url: Type.String(),
        headers: Type.Record(Type.String(), Type.String(), {
          description: 'Sent as they are; the body is the file’s bytes, and nothing else.',
        }),
        expiresAt,
      },
      { additionalProperties: false },
    ),
  ],
  { description: 'A form to POST, or a URL to PUT to.' },
);

/** What became of an upload. */
export const uploadAnswer = Type.Object(
  {
    id,
    state,
    method: Type.Enum(['post', 'put']),
    contentType: Type.Optional(Type.String({ description: 'The one that was asked for.' })),
    minBytes: Type.Integer(),
    maxBytes: Type.Integer(),
    metadata: Type.Record(Type.String(), Type.String()),
    issuedAt: time('When it was asked for.'),
    expiresAt,
    revokedAt: Type.Optional(time('When it was revoked.')),
    storedAt: Type.Optional(time('When S3 stored the upload that was claimed.')),
    claimedAt: Type.Optional(time('When it was decided which upload counts.')),
    acceptedAt: Type.Optional(time('When it lay under accepted/.')),
    processedAt: Type.Optional(time('When its processing was done.')),
    sizeBytes: Type.Optional(Type.Integer({ description: 'Of the upload that was claimed.' })),
    eTag: Type.Optional(Type.String({ description: 'S3’s entity tag of the upload that was claimed.' })),
    sha256: Type.Optional(
      Type.String({ description: 'In hexadecimal digits, where one was asked for: S3 took no other bytes.' }),
    ),
    duplicates: Type.Integer({
      description: 'How many more uploads came with the same form, and were kept apart.',
    }),
    refused: Type.Integer({
      description: 'How many uploads came after it was revoked, and were kept apart.',
    }),
    leadTimeSeconds: Type.Optional(Type.Number({ description: 'From storedAt to processedAt.' })),
  },
  { description: 'The upload as it stands.' },
);
