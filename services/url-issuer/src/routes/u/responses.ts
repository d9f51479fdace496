import { Type } from 'typebox';
import { LINK_LANGUAGES } from '../../links/link-settings.ts';
import { LinkState } from '../../links/link-state.ts';
import { describeResponses, ERRORS, type ErrorStatus, signedForm, signedPut, time } from '../v1/responses.ts';

const LINK_ERRORS = {
  ...ERRORS,
  403: 'The link is unknown, or its secret is wrong.',
  409: 'A file was received already.',
  410: 'The link has expired, was revoked, or its API key was disabled or allows none of its content types any more.',
  413: 'The file, or the body of the request, is too large.',
  415: 'The file cannot have this content type, or the Content-Type of the request is not JSON in UTF-8.',
  429: 'Too many requests came for this link, or from the client’s address.',
};

/** As `responses` of the API, for requests that come with a link. */
export function linkResponses(
  ...of: [good: Parameters<typeof describeResponses>[1], ...errors: ErrorStatus[]]
) {
  return describeResponses(LINK_ERRORS, ...of);
}

/** For `security` of a route's schema. */
export const LINK_SECURITY = [{ link: [] }];

export const viewedLink = Type.Object(
  {
    state: Type.Enum(Object.values(LinkState), {
      description:
        'open: a file can be sent. received: a file was received. failed: a file was received, and its processing failed. ' +
        'expired, revoked; stopped: the API key that made the link was disabled, or allows none of its content types any more.',
    }),
    title: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    from: Type.Optional(Type.String({ description: 'Who asks for the file.' })),
    contentTypes: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'The types that the file can have: what both the link and its API key allow now. By default any. A range such as "text/*" includes no type that browsers execute.',
      }),
    ),
    minBytes: Type.Integer(),
    maxBytes: Type.Integer(),
    expiresAt: time('A file can be sent until this time.'),
    language: Type.Optional(Type.Enum([...LINK_LANGUAGES])),
    returnUrl: Type.Optional(Type.String({ description: 'Where to go when the file was received.' })),
    received: Type.Optional(
      Type.Object(
        {
          versionId: Type.String({
            description: 'S3’s id of the version that was received: the x-amz-version-id of its upload.',
          }),
          sizeBytes: Type.Integer(),
          storedAt: time('When S3 stored it.'),
        },
        { description: 'The file that was received. It is set in the states received and failed.' },
      ),
    ),
  },
  { description: 'What the page of the link shows.' },
);

export const signedFile = Type.Union(
  [
    Type.Object({ ...signedForm, expiresAt: time('The upload must start before this time.') }),
    Type.Object({ ...signedPut, expiresAt: time('The upload must start before this time.') }),
  ],
  { description: 'A form or URL to send the file with.' },
);
