import { makeUploadKey } from '@upload-once/uploads';
import { signedFields } from '../signing/sign-form.ts';
import type { UploadRequest } from './upload-request.ts';

/**
 * What S3 takes beside a file. An upload that needs more would be issued, and S3 would refuse it always. Amazon S3 API Reference,
 * "Creating an HTML Form": form data and boundaries without the file have at most 20 KB; it does not say whether 1 KB is 1,000 bytes.
 */
export const S3_FORM_MAX_BYTES = 20_000;
/** "Error Responses", RequestHeaderSectionTooLarge: headers and query of a request; the response names this number. */
export const S3_HEADERS_MAX_BYTES = 8_192;

/** No bound is documented; those of a task's role have some 1,300 bytes. */
export const SESSION_TOKEN_MAX_BYTES = 2_048;

/** A boundary of 70 characters, Content-Disposition, Content-Type, and the line breaks: what a client writes around each field. */
const FRAME_BYTES = 160;
/** The names of a file's part, its type, and the last boundary. */
const FILE_PART_BYTES = 512;
/** What is signed into every form, at its longest. */
const ALWAYS_SIGNED: Readonly<Record<string, string>> = {
  'x-amz-algorithm': 'AWS4-HMAC-SHA256',
  'x-amz-credential': 'x'.repeat(100),
  'x-amz-date': '20250304T050607Z',
  'x-amz-security-token': 'x'.repeat(SESSION_TOKEN_MAX_BYTES),
};
const SIGNATURE = 'x'.repeat(64);
const BUCKET = 'x'.repeat(63);

/**
 * The host, the length, `If-None-Match`, what a client says of itself, and a query with the session token and the signature; or,
 * where the acceptor begins to copy a large file, as much of the SDK's.
 */
const OTHER_HEADERS_BYTES = 3_500;

/** The most bytes that a form for this order can have, without its file. */
export function formBytes(uploadRequest: UploadRequest): number {
  const { minBytes, maxBytes } = uploadRequest.constraints;
  const fields = {
    key: makeUploadKey(uploadRequest.namePart, new Date(0), new Uint8Array(16), uploadRequest),
    ...signedFields(uploadRequest),
    ...ALWAYS_SIGNED,
  };
  const policy = JSON.stringify({
    expiration: '2025-03-04T05:06:37Z',
    conditions: [
      ['content-length-range', minBytes, maxBytes],
      { bucket: BUCKET },
      ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
    ],
  });
  const all = {
    ...fields,
    policy: Buffer.from(policy).toString('base64'),
    'x-amz-signature': SIGNATURE,
  };
  return Object.entries(all).reduce(
    (sum, [name, value]) => sum + FRAME_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value),
    FILE_PART_BYTES,
  );
}

/**
 * The most bytes of headers and query that a PUT of this order can have, or the request by which its file is copied in parts:
 * whichever way it came, its metadata are headers there. Each has its line, and its name once more in what says that it is signed.
 */
export function headerBytes(uploadRequest: UploadRequest): number {
  return Object.entries(signedFields(uploadRequest)).reduce(
    (sum, [name, value]) => sum + name.length + ': \r\n'.length + value.length + name.length + '%3B'.length,
    OTHER_HEADERS_BYTES,
  );
}
