import type { ApiKey } from './api-key.ts';

/**
 * Types that a browser shows as a page with scripts, or runs as one, beside all that end in `+xml`: HTML, XML, which can hold HTML and
 * SVG, what the MIME Sniffing Standard calls JavaScript MIME types, WebAssembly, a sequence of any pages, and the type whose content
 * the browser has to guess ("MIME type sniffing algorithm"). Also what older browsers, or programs that
 * they start, show or run in this way: saved pages (MHTML), HTML applications, VBScript, components, Flash, and cache manifests.
 */
const EXECUTED_TYPES: ReadonlySet<string> = new Set([
  'application/ecmascript',
  'application/hta',
  'application/javascript',
  'application/unknown',
  'application/wasm',
  'application/x-ecmascript',
  'application/x-javascript',
  'application/x-mimearchive',
  'application/x-shockwave-flash',
  'application/xml',
  'message/rfc822',
  'multipart/related',
  'multipart/x-mixed-replace',
  'text/cache-manifest',
  'text/ecmascript',
  'text/html',
  'text/javascript',
  'text/javascript1.0',
  'text/javascript1.1',
  'text/javascript1.2',
  'text/javascript1.3',
  'text/javascript1.4',
  'text/javascript1.5',
  'text/jscript',
  'text/livescript',
  'text/rdf',
  'text/scriptlet',
  'text/vbscript',
  'text/x-component',
  'text/x-ecmascript',
  'text/x-javascript',
  'text/xml',
  'text/xsl',
  'unknown/unknown',
]);

/**
 * Whether a key may ask for an upload of this content type. Parameters (`; charset=utf-8`) and case don't matter. An allowed
 * `image/*` stands for every subtype of `image` but those of `isExecutedByBrowsers`: an allowed type stands for one of these only by
 * its whole name. A key without a list allows every type, and none.
 *
 * @param contentType as the client named it; undefined: it named none, and only a key without a list allows that
 */
export function allowsContentType(
  key: Pick<ApiKey, 'allowedContentTypes'>,
  contentType: string | undefined,
): boolean {
  if (key.allowedContentTypes === undefined) return true;
  const asked = essenceOf(contentType ?? '');
  return key.allowedContentTypes.some((allowed) =>
    allowed.endsWith('/*')
      ? asked.startsWith(allowed.slice(0, -1)) &&
        asked.length >= allowed.length &&
        !isExecutedByBrowsers(asked)
      : asked === allowed,
  );
}

/** Whether a browser that opens such a file could run scripts in it, as the site that it comes from. */
export function isExecutedByBrowsers(contentType: string): boolean {
  const essence = essenceOf(contentType);
  return EXECUTED_TYPES.has(essence) || essence.endsWith('+xml');
}

/** Type and subtype in small letters, without parameters (MIME Sniffing Standard, "MIME type essence"). */
function essenceOf(contentType: string): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
