import type { ApiKey } from './api-key.ts';

/**
 * Whether a key may ask for an upload of this content type. Parameters (`; charset=utf-8`) and case don't matter;
 * an allowed `image/*` stands for every subtype of `image`. A key without a list allows every type, and none.
 *
 * @param contentType as the client named it; undefined: it named none, and only a key without a list allows that
 */
export function allowsContentType(
  key: Pick<ApiKey, 'allowedContentTypes'>,
  contentType: string | undefined,
): boolean {
  if (key.allowedContentTypes === undefined) return true;
  const asked = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return key.allowedContentTypes.some((allowed) =>
    allowed.endsWith('/*')
      ? asked.startsWith(allowed.slice(0, -1)) && asked.length >= allowed.length
      : asked === allowed,
  );
}
