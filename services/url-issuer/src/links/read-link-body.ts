import { type ApiKey, allowsContentType } from '@upload-once/access';
import { hiddenCharacterIn } from '@upload-once/text/hidden-characters';
import { FILENAME_MAX_BYTES, type Link } from '@upload-once/uploads';
import type { Static } from 'typebox';
import { readUploadBody, violationsOfLifetime, violationsOfMethod } from '../issuing/read-upload-body.ts';
import type { UploadDefaults, UploadRequest, UploadRequester } from '../issuing/upload-request.ts';
import { refuseAny, type Violation } from '../issuing/violations.ts';
import type { linkBody, linkChangeBody } from './link-body.ts';
import type { LinkSettings } from './link-settings.ts';

/** One link as it is asked for, with every default filled in and within what the key may ask for. */
export interface LinkRequest {
  readonly uploadRequest: UploadRequest;
  readonly shown: Pick<Link, 'title' | 'message' | 'from' | 'contentTypes' | 'returnUrl' | 'language'>;
}

// As long as they can be, also when they are encoded: what is signed with shorter ones is taken as well.
const LONGEST_CONTENT_TYPE = `a/${'x'.repeat(253)}`;
const LONGEST_FILENAME = '\u20ac'.repeat(FILENAME_MAX_BYTES / 3);

/**
 * Makes a request for a link of a body that its schema found no violation in.
 * @throws HttpError that names every wrong field, its value and what is allowed: 400, or 403 where nothing is wrong but what this
 *   key must not ask for
 */
export function readLinkBody(
  body: Static<typeof linkBody>,
  requester: UploadRequester,
  defaults: UploadDefaults,
  settings: LinkSettings,
): LinkRequest {
  const { title, message, from, contentTypes, returnUrl, language, method, ...ofUpload } = body;
  refuseAny([
    ...violationsOfMethod(body, defaults),
    ...violationsOfTexts({ title, message, from }),
    ...violationsOfTypes(contentTypes, requester),
    ...violationsOfReturnUrl(returnUrl, settings),
    ...violationsOfLifetime(body, settings),
  ]);
  const { constraints, ...uploadRequest } = readUploadBody(
    // Size, type and name are signed when they are known; a form's bounds are the narrower ones.
    { ...ofUpload, method: 'post', contentType: LONGEST_CONTENT_TYPE, filename: LONGEST_FILENAME },
    { ...requester, allowedContentTypes: undefined as never },
    {
      ...defaults,
      lifetimeSeconds: settings.lifetimeSeconds,
      lifetimeMaxSeconds: settings.lifetimeMaxSeconds,
    },
  );
  const { contentType: _type, filename: _name, ...bounds } = constraints;
  const types = contentTypes?.map((type) => type.toLowerCase()) ?? requester.allowedContentTypes;
  return {
    uploadRequest: {
      ...uploadRequest,
      constraints: { ...bounds, method: method ?? (defaults.presignedPut ? 'put' : 'post') },
    },
    shown: {
      ...shownTexts({ title, message, from }),
      ...(types && { contentTypes: [...new Set(types)] }),
      ...(returnUrl !== undefined && { returnUrl: new URL(returnUrl).href }),
      ...(language !== undefined && { language }),
    },
  };
}

/** @throws HttpError 400 that names every wrong field */
export function assertLinkChange(body: Static<typeof linkChangeBody>, settings: LinkSettings): void {
  refuseAny([...violationsOfTexts(body), ...violationsOfLifetime(body, settings)]);
}

/** Without blanks around them. A text of blanks only is none. */
function shownTexts(texts: {
  title?: string | undefined;
  message?: string | undefined;
  from?: string | undefined;
}): Pick<Link, 'title' | 'message' | 'from'> {
  const trimmed = Object.entries(texts).map(([field, text]) => [field, text?.trim()] as const);
  return Object.fromEntries(trimmed.filter(([, text]) => text));
}

/** A message has lines, the others have one. */
function violationsOfTexts(texts: {
  title?: string | undefined;
  message?: string | undefined;
  from?: string | undefined;
}): Violation[] {
  return Object.entries({ ...texts, message: texts.message?.replaceAll('\n', ' ') }).flatMap(
    ([field, text]) => {
      const hidden = hiddenCharacterIn(typeof text === 'string' ? text : '');
      if (hidden === undefined) return [];
      return [{ message: `"${field}" has no characters that hide or reorder text, but there is ${hidden}` }];
    },
  );
}

function violationsOfTypes(types: readonly string[] | undefined, requester: UploadRequester): Violation[] {
  const wrong = types?.filter((type) => !mayAllow(requester, type.toLowerCase())) ?? [];
  if (wrong.length === 0) return [];
  const allowed = requester.allowedContentTypes?.join(', ');
  const message = `"contentTypes" are of ${allowed} for this key, not ${JSON.stringify(wrong)}`;
  return [{ message, forbidden: 'ContentTypeNotAllowed' }];
}

/** A range only as a whole: part of it could be more than the key allows. */
function mayAllow(key: Pick<ApiKey, 'allowedContentTypes'>, type: string): boolean {
  if (type.endsWith('/*')) return key.allowedContentTypes?.includes(type) ?? true;
  return allowsContentType(key, type);
}

function violationsOfReturnUrl(url: string | undefined, { returnOrigins }: LinkSettings): Violation[] {
  if (url === undefined) return [];
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isAllowed =
    parsed !== undefined &&
    // The origin of a blob: URL is that of the page that made it.
    ['https:', 'http:'].includes(parsed.protocol) &&
    returnOrigins.includes(parsed.origin) &&
    parsed.username === '' &&
    parsed.password === '';
  if (isAllowed) return [];
  const allowed = returnOrigins.length === 0 ? 'not used here' : `at one of ${returnOrigins.join(', ')}`;
  return [{ message: `"returnUrl" is ${allowed}, not ${JSON.stringify(url.slice(0, 100))}` }];
}
