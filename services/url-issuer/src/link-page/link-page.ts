import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LINK_LANGUAGES } from '../links/link-settings.ts';
import type { Branding } from './branding.ts';
import { type PageFile, readPageFiles } from './page-files.ts';
import { preferredLanguage } from './preferred-language.ts';

export interface LinkPageOptions {
  readonly branding: Branding;
  /** Where the page sends files to. */
  readonly bucketOrigin: string;
}

/** An SVG that is opened by itself runs nothing, and loads nothing. */
const LOGO_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/**
 * `GET /u`, and what it is made of: the page of every link, which knows none. The link itself stands behind the `#` of the page's URL,
 * which no browser sends. So these responses read no table, sign nothing, and are the same for all.
 */
export async function linkPage(
  app: FastifyInstance,
  { branding, bucketOrigin }: LinkPageOptions,
): Promise<void> {
  const { pages, assets } = await readPageFiles(branding);
  const policy = pagePolicy(bucketOrigin);

  // Some programs write the `#` of a link as `%23`, and send its secret so. The page itself makes a link of it again.
  for (const url of ['/u', '/u:link(^#.*$)'])
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      const language = preferredLanguage(request.headers['accept-language'], LINK_LANGUAGES);
      return respond(request, reply, pages[language], policy);
    });
  for (const [path, file] of Object.entries(assets)) {
    const policyOfFile = path === 'u/logo' ? LOGO_POLICY : policy;
    app.get(`/${path}`, { schema: { hide: true } }, async (request, reply) =>
      respond(request, reply, file, policyOfFile),
    );
  }
}

function respond(request: FastifyRequest, reply: FastifyReply, file: PageFile, policy: string): FastifyReply {
  const { type, plain, gzip } = file;
  const { 'accept-encoding': encodings = '', 'if-none-match': known = '' } = request.headers;
  const isGzip = gzip !== undefined && takesGzip(String(encodings));
  const { body, eTag } = isGzip ? gzip : plain;
  reply.headers({
    'cache-control': 'no-cache',
    'content-security-policy': policy,
    etag: eTag,
    vary: [reply.getHeader('vary'), 'Accept-Encoding', 'Accept-Language'].filter(Boolean).join(', '),
  });
  if (isKnown(known, eTag)) return reply.code(304).send();
  if (isGzip) reply.header('content-encoding', 'gzip');
  return reply.type(type).send(body);
}

/** RFC 9110, 12.5.3: unless it is named with a quality of zero. */
function takesGzip(encodings: string): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(encodings);
}

/** RFC 9110, 13.1.2: by the weak comparison. */
function isKnown(ifNoneMatch: string, eTag: string): boolean {
  const known = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(eTag) || known.includes('*');
}

/** Content Security Policy Level 3: what the page may load, and where it may send to. */
function pagePolicy(bucketOrigin: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${bucketOrigin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
