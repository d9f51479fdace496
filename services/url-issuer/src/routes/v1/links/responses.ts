import { Type } from 'typebox';
import { LINK_LANGUAGES } from '../../../links/link-settings.ts';
import { expiresAt, id, state, time } from '../responses.ts';

/** What to hand on. */
export const createdLink = Type.Object(
  {
    id,
    url: Type.String({
      description:
        'The link. Everyone who has it can send the file. Only this response has it: the part after "#" is a secret that no record has.',
    }),
    expiresAt,
  },
  { description: 'A link to send to a person.' },
);

/** A link as its maker sees it. */
export const linkResponse = Type.Object(
  {
    id,
    state,
    createdAt: time('When the link was made.'),
    expiresAt,
    method: Type.Enum(['post', 'put'], { description: 'How the page sends the file.' }),
    minBytes: Type.Integer(),
    maxBytes: Type.Integer(),
    contentTypes: Type.Optional(
      Type.Array(Type.String(), { description: 'The content types that the file can have.' }),
    ),
    metadata: Type.Record(Type.String(), Type.String()),
    title: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    from: Type.Optional(Type.String()),
    returnUrl: Type.Optional(Type.String()),
    language: Type.Optional(Type.Enum([...LINK_LANGUAGES])),
    filename: Type.Optional(
      Type.String({
        description: 'The name of the file that was received. It is set when the file is accepted.',
      }),
    ),
    sizeBytes: Type.Optional(Type.Integer({ description: 'The size of the file that was received.' })),
    receivedAt: Type.Optional(time('When a file was received.')),
    revokedAt: Type.Optional(time('When the link was revoked.')),
  },
  { description: 'The link, without its secret.' },
);

export const linkPage = Type.Object(
  {
    links: Type.Array(linkResponse, { description: 'The newest first. A page can have fewer than `limit`.' }),
    next: Type.Optional(
      Type.String({ description: 'Send it as `after` for the next page. Without it, this is the last one.' }),
    ),
  },
  { description: 'Links of the API key.' },
);
