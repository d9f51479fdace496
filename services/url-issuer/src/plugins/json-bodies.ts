import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { HttpError } from '../http-error.ts';

/**
 * A body is JSON, in UTF-8 as JSON always is (RFC 8259, 8.1), and as it was sent. Whatever says that it is anything else is refused
 * (415) rather than taken for that; so are bytes that are no UTF-8 (400), which a lenient reader makes U+FFFD of.
 */
export const jsonBodies = fp(
  async (app) => {
    const parseJson = app.getDefaultJsonParser('error', 'error');
    const utf8 = new TextDecoder('utf-8', { fatal: true });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
      const refusal = refusalOf(request);
      if (refusal) return done(refusal);
      let text: string;
      try {
        text = utf8.decode(body);
      } catch (cause) {
        return done(new HttpError(400, 'The body is no UTF-8', { cause }));
      }
      return parseJson(request, text, done);
    });
  },
  { name: 'json-bodies', fastify: '5.x' },
);

function refusalOf({ headers }: FastifyRequest): HttpError | undefined {
  const coding = headers['content-encoding'];
  if (coding !== undefined && !/^(identity)?$/i.test(coding)) {
    return new HttpError(415, `A body is sent as it is here, without Content-Encoding: ${shown(coding)}`);
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    return new HttpError(415, `A body is JSON in UTF-8 here, not in ${shown(charset)}`);
  }
  return undefined;
}

function shown(value: string): string {
  return JSON.stringify(value.slice(0, 100));
}
