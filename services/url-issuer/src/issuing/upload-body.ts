import { FILENAME_MAX_BYTES, LONGEST_FORM_SECONDS, NAME_PART_EXPECTED } from '@upload-once/uploads';
import { Type } from 'typebox';

/** Amazon S3 User Guide, "Working with object metadata": names and values together. */
export const METADATA_MAX_BYTES = 2048;
/** Amazon S3 API Reference, "Creating an HTML Form": taken for the name of the client's file, in any field. */
export const FILENAME_VARIABLE = '$\u007bfilename}';
const S3_POST_MAX_BYTES = 5_368_709_120;

const METADATA_NAME = '^[a-z0-9][a-z0-9._-]{0,127}$';

const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
/** RFC 9110, "Media Type", without what only a parser could recognize: quoted pairs. */
const MEDIA_TYPE = `^${TOKEN}/${TOKEN}( ?; ?${TOKEN}=(${TOKEN}|"[ !#-\\[\\]-~]*"))*$`;

export const FILENAME_EXPECTED =
  '1 to 255 bytes of UTF-8 without "/", "\\", control characters, and characters that hide or reorder text';

const size = {
  minimum: 0,
  maximum: S3_POST_MAX_BYTES,
  'x-expected': `a whole number of bytes from 0 to ${S3_POST_MAX_BYTES} (5 GiB)`,
};

/**
 * What `POST /v1/uploads` takes. Values are taken as they are: nothing is converted, nothing unknown is dropped. `x-expected`
 * is what an error says was expected; it stands in the API's description as well.
 */
export const uploadBody = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 900,
        description:
          'The beginning of the id. A time and random characters follow. The installation sets the default.',
        'x-expected': NAME_PART_EXPECTED,
      }),
    ),
    method: Type.Optional(
      Type.Enum(['post', 'put'], {
        default: 'post',
        description:
          'A form to POST, or a URL to PUT to. A form can be sent again until it expires, and only the first upload counts. ' +
          'S3 accepts one PUT, of one exact size.',
        'x-expected': '"post" or "put"',
      }),
    ),
    contentType: Type.Optional(
      Type.String({
        maxLength: 255,
        pattern: MEDIA_TYPE,
        description: `The Content-Type that the upload must have. By default any. A form cannot contain ${FILENAME_VARIABLE} in it.`,
        'x-expected': 'a media type of at most 255 characters such as "application/pdf"',
      }),
    ),
    minBytes: Type.Optional(
      Type.Integer({
        ...size,
        default: 0,
        description: 'The size of the smallest upload that S3 accepts. For a PUT, the same as maxBytes.',
      }),
    ),
    maxBytes: Type.Optional(
      Type.Integer({
        ...size,
        description:
          'The size of the largest upload that S3 accepts. By default the most that the installation and the API key allow.',
      }),
    ),
    sha256: Type.Optional(
      Type.String({
        pattern: '^([0-9A-Fa-f]{64}|[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)$',
        description: 'The SHA-256 that the upload’s bytes must have.',
        'x-expected': 'a SHA-256 in 64 hexadecimal digits, as sha256sum prints it, or in base64',
      }),
    ),
    expiresInSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LONGEST_FORM_SECONDS,
        description:
          'How long an upload can start. The installation sets the default and the maximum. The response’s expiresAt can be ' +
          'earlier: a form or URL expires with the credentials that signed it.',
        'x-expected': `a whole number of seconds from 1 to ${LONGEST_FORM_SECONDS} (7 days)`,
      }),
    ),
    filename: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: FILENAME_MAX_BYTES,
        description:
          'The name of the file, in UTF-8. The handler gets it unchanged. S3 stores it percent-encoded in ' +
          'x-amz-meta-filename, because metadata is ASCII.',
        'x-expected': FILENAME_EXPECTED,
      }),
    ),
    successStatus: Type.Optional(
      Type.Enum([200, 201, 204], {
        default: 204,
        description:
          'The status of S3’s response when it has stored the file. With 201, the response has an XML document. Not for a PUT.',
        'x-expected': '200, 201 or 204',
      }),
    ),
    successRedirect: Type.Optional(
      Type.String({
        maxLength: 1024,
        pattern: '^https?://[!-"$-\\[\\]-~]+$',
        description:
          'Where S3 sends the browser when it has stored the file, with 303. S3 adds bucket, key and etag to the query. The installation ' +
          'limits the origins. Not for a PUT, and not together with successStatus.',
        'x-expected':
          'an http or https URL of at most 1024 characters of printable ASCII, without "#" and "\\"',
      }),
    ),
    metadata: Type.Optional(
      Type.Record(
        Type.String({ pattern: METADATA_NAME }),
        Type.String({ pattern: '^[!-~]([ -~]*[!-~])?$' }),
        {
          additionalProperties: false,
          // Says the same once more: the description of the API knows no patternProperties.
          propertyNames: { pattern: METADATA_NAME },
          description:
            `The object’s x-amz-meta-*, which the handler gets too. Names and values together have at most ${METADATA_MAX_BYTES} bytes. ` +
            'Each entry needs about 200 more of the 20 KB that S3 accepts in a form: about 40 entries fit, or 20 with the longest name. ' +
            `A form cannot contain ${FILENAME_VARIABLE} in its values.`,
          'x-expected':
            'names of 1 to 128 characters a-z, 0-9, ".", "_", "-", the first a letter or digit, with values of printable ASCII ' +
            'that neither begin nor end with a space (encode other characters, and decode them where you read the metadata)',
        },
      ),
    ),
  },
  { additionalProperties: false },
);
