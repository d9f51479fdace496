import { LONGEST_UPLOAD_SECONDS } from '@upload-once/uploads';
import { Type } from 'typebox';
import { uploadBody } from '../issuing/upload-body.ts';
import { LINK_LANGUAGES } from './link-settings.ts';

const TITLE_MAX_CHARACTERS = 120;
const MESSAGE_MAX_CHARACTERS = 1_000;
const FROM_MAX_CHARACTERS = 120;
const CONTENT_TYPES_MAX = 20;

const TOKEN_WITHOUT_STAR = "[A-Za-z0-9!#$%&'+.^_`|~-]+";
const TYPE_OR_RANGE = `^${TOKEN_WITHOUT_STAR}/(${TOKEN_WITHOUT_STAR}|\\*)$`;

const text = (maxLength: number, description: string, lines = '') =>
  Type.String({
    maxLength,
    description,
    'x-expected': `at most ${maxLength} characters${lines}, and none that hides or reorders others`,
  });

const title = text(TITLE_MAX_CHARACTERS, 'What the page asks for, for example "Your invoice".');
const message = text(
  MESSAGE_MAX_CHARACTERS,
  'A text below the title. It can have several lines.',
  ' and line feeds',
);

const expiresInSeconds = Type.Integer({
  minimum: 1,
  maximum: LONGEST_UPLOAD_SECONDS,
  description: 'How long the link works, from now on. The installation sets the default and the maximum.',
  'x-expected': `a whole number of seconds from 1 to ${LONGEST_UPLOAD_SECONDS} (30 days)`,
});

const { name, method, minBytes, maxBytes, sha256, metadata } = uploadBody.properties;

/** What `POST /v1/links` takes. */
export const linkBody = Type.Object(
  {
    name,
    method: Type.Optional({
      ...method,
      default: undefined,
      description:
        'How the page sends the file. The default is "put": S3 accepts one file. If the installation allows no PUT, it is "post".',
    }),
    contentTypes: Type.Optional(
      Type.Array(Type.String({ maxLength: 255, pattern: TYPE_OR_RANGE }), {
        minItems: 1,
        maxItems: CONTENT_TYPES_MAX,
        description:
          'The content types that the file can have. "image/*" stands for all images that browsers do not execute. By default those of the API key.',
        'x-expected': `a list of 1 to ${CONTENT_TYPES_MAX} media types without parameters such as "application/pdf", or ranges such as "image/*" (to allow any type, leave it out)`,
      }),
    ),
    minBytes: Type.Optional({ ...minBytes, description: 'The size of the smallest file.' }),
    maxBytes: Type.Optional({
      ...maxBytes,
      description:
        'The size of the largest file. By default the most that the installation and the API key allow.',
    }),
    sha256,
    metadata,
    title: Type.Optional(title),
    message: Type.Optional(message),
    from: Type.Optional(text(FROM_MAX_CHARACTERS, 'Who asks for the file.')),
    expiresInSeconds: Type.Optional(expiresInSeconds),
    returnUrl: Type.Optional(
      Type.String({
        maxLength: 1_000,
        description:
          'Where the page links to when the file was received. The installation limits the origins.',
        'x-expected': 'a URL of at most 1000 characters, at an origin that the installation allows',
      }),
    ),
    language: Type.Optional(
      Type.Enum([...LINK_LANGUAGES], {
        description: 'The language of the page. By default the browser’s.',
        'x-expected': `one of ${LINK_LANGUAGES.join(', ')}`,
      }),
    ),
  },
  { additionalProperties: false },
);

/** What `PATCH /v1/links/{id}` takes. */
export const linkChangeBody = Type.Object(
  {
    title: Type.Optional({ ...title, description: 'Another title. An empty one removes it.' }),
    message: Type.Optional({ ...message, description: 'Another message. An empty one removes it.' }),
    expiresInSeconds: Type.Optional({
      ...expiresInSeconds,
      description:
        'How long the link works, from now on. It ends at most the longest lifetime after it was made.',
    }),
  },
  { additionalProperties: false },
);
