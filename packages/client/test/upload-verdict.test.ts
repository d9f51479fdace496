// What a response proves, over statuses, moments and bodies. A new response is one line.
import t from 'tap';
import { EXPIRES_AT, s3ErrorXml } from '../../../test/support/form-servers.ts';
import type { UploadForm, UploadPut } from '../src/index.ts';
import { verdictOf } from '../src/upload-verdict.ts';

const form = (fields: Record<string, string> = {}): UploadForm => ({
  url: 'https://s3.test/b',
  fields: { key: 'uploads/a', policy: 'p', ...fields },
  key: 'uploads/a',
  expiresAt: EXPIRES_AT,
});
const put: UploadPut = { url: 'https://s3.test/b', headers: {}, key: 'uploads/a', expiresAt: EXPIRES_AT };
const asks = (status: string) => form({ success_action_status: status });
const redirects = form({ success_action_redirect: 'https://example.com/done' });

const PAGE = '<!doctype html><html><body>Log in</body></html>';
const POST_RESPONSE = '<?xml version="1.0"?>\n<PostResponse><Key>uploads/a</Key></PostResponse>';
const s3 = (code: string) => s3ErrorXml(code, 'm');

interface Said {
  readonly status: number;
  readonly body?: string;
  readonly location?: string;
  readonly etag?: string;
  /** The body broke off. */
  readonly cut?: true;
}
type Row = readonly [what: string, to: UploadForm | UploadPut, said: Said, whole: string, early: string];

/** The verdict after everything was sent, and the one before. */
const ROWS: readonly Row[] = [
  ['S3’s success', form(), { status: 204 }, 'stored', 'incomplete'],
  ['200 that nothing asked for', form(), { status: 200 }, 'unknown', 'incomplete'],
  ['a login page', form(), { status: 200, body: PAGE }, 'unknown', 'incomplete'],
  ['an error in a 200', form(), { status: 200, body: s3('InternalError') }, 'unknown', 'incomplete'],
  ['201 that nothing asked for', form(), { status: 201, body: POST_RESPONSE }, 'unknown', 'incomplete'],
  ['accepted, not done', form(), { status: 202 }, 'unknown', 'incomplete'],
  ['a proxy’s own response', form(), { status: 203 }, 'unknown', 'incomplete'],
  ['205', form(), { status: 205 }, 'unknown', 'incomplete'],
  ['206', form(), { status: 206 }, 'unknown', 'incomplete'],
  ['a change of protocol', form(), { status: 101, cut: true }, 'unknown', 'incomplete'],
  ['200 as asked', asks('200'), { status: 200 }, 'stored', 'incomplete'],
  ['204 though 200 was asked', asks('200'), { status: 204 }, 'stored', 'incomplete'],
  ['a login page for 200', asks('200'), { status: 200, body: PAGE }, 'unknown', 'incomplete'],
  ['200 whose body broke off', asks('200'), { status: 200, cut: true }, 'unknown', 'incomplete'],
  ['200 with a blank line', asks('200'), { status: 200, body: '\n' }, 'stored', 'incomplete'],
  ['201 as asked', asks('201'), { status: 201, body: POST_RESPONSE }, 'stored', 'incomplete'],
  ['201 of another’s', asks('201'), { status: 201, body: PAGE }, 'unknown', 'incomplete'],
  ['201 without a body', asks('201'), { status: 201 }, 'unknown', 'incomplete'],
  ['200 where 201 was asked', asks('201'), { status: 200 }, 'unknown', 'incomplete'],
  ['a status that S3 ignores', asks('202'), { status: 202 }, 'unknown', 'incomplete'],
  [
    'the redirect that was asked',
    redirects,
    { status: 303, location: 'https://example.com/done?key=a' },
    'stored',
    'incomplete',
  ],
  [
    'the redirect, asked by its old name',
    form({ redirect: 'https://example.com/done' }),
    { status: 303, location: 'https://example.com/done?key=a' },
    'stored',
    'incomplete',
  ],
  ['303 to nowhere', redirects, { status: 303 }, 'unknown', 'incomplete'],
  [
    '303 where an empty redirect was asked',
    form({ success_action_redirect: '' }),
    { status: 303, location: 'https://portal.test/' },
    'unknown',
    'incomplete',
  ],
  ['another redirect', redirects, { status: 303, location: 'https://portal.test/' }, 'unknown', 'incomplete'],
  ['303 to a page', form(), { status: 303, location: 'https://portal.test/' }, 'unknown', 'incomplete'],
  ['302 to a page', form(), { status: 302, location: 'https://portal.test/' }, 'unknown', 'incomplete'],
  ['200 to a PUT', put, { status: 200, etag: '"e"' }, 'stored', 'incomplete'],
  ['200 to a PUT that is not S3’s', put, { status: 200 }, 'unknown', 'incomplete'],
  ['a login page to a PUT', put, { status: 200, body: PAGE }, 'unknown', 'incomplete'],
  ['an error in a 200 to a PUT', put, { status: 200, body: s3('SlowDown') }, 'unknown', 'incomplete'],
  ['a login page with an ETag', put, { status: 200, body: PAGE, etag: '"e"' }, 'unknown', 'incomplete'],
  ['206 with an ETag to a PUT', put, { status: 206, etag: '"e"' }, 'unknown', 'incomplete'],
  ['204 to a PUT', put, { status: 204 }, 'unknown', 'incomplete'],
  ['201 to a PUT', put, { status: 201 }, 'unknown', 'incomplete'],

  ['S3’s refusal', form(), { status: 403, body: s3('AccessDenied') }, 'refused', 'refused'],
  ['S3’s redirect', form(), { status: 307, body: s3('TemporaryRedirect') }, 'refused', 'refused'],
  ['S3 waited for bytes', form(), { status: 400, body: s3('RequestTimeout') }, 'refused', 'refused'],
  ['something is there', put, { status: 412, body: s3('PreconditionFailed') }, 'refused', 'refused'],
  ['S3 is too busy', form(), { status: 503, body: s3('SlowDown') }, 'refused', 'refused'],
  ['S3 is away', form(), { status: 503, body: s3('ServiceUnavailable') }, 'refused', 'refused'],
  ['503 for another reason', form(), { status: 503, body: s3('InternalError') }, 'unknown', 'refused'],
  [
    'another is under way',
    put,
    { status: 409, body: s3('ConditionalRequestConflict') },
    'unknown',
    'refused',
  ],
  ['S3 lacks it', form(), { status: 501, body: s3('NotImplemented') }, 'refused', 'refused'],
  ['S3 broke', form(), { status: 500, body: s3('InternalError') }, 'unknown', 'refused'],
  ['S3 broke, and names a 503', form(), { status: 500, body: s3('SlowDown') }, 'unknown', 'refused'],
  ['503 of something else', form(), { status: 503, body: PAGE }, 'unknown', 'refused'],
  ['503 that broke off', form(), { status: 503, body: s3('SlowDown'), cut: true }, 'unknown', 'refused'],
  ['a gateway’s 400', form(), { status: 400, body: PAGE }, 'unknown', 'refused'],
  ['a wall’s 403', form(), { status: 403, body: PAGE }, 'unknown', 'refused'],
  ['403 that broke off', form(), { status: 403, body: '<Error><Code>Ac', cut: true }, 'unknown', 'refused'],
  ['413 of a gateway', form(), { status: 413, body: PAGE }, 'unknown', 'refused'],
  ['a proxy’s 407', form(), { status: 407 }, 'unknown', 'refused'],
  ['a network’s login', form(), { status: 511, body: PAGE }, 'unknown', 'refused'],
  ['308 without a word', form(), { status: 308, location: 'https://x.test/' }, 'unknown', 'incomplete'],
  ['408 of a gateway', form(), { status: 408, body: PAGE }, 'unknown', 'refused'],
  ['409 of something else', form(), { status: 409 }, 'unknown', 'refused'],
  ['412 of something else', put, { status: 412 }, 'unknown', 'refused'],
  [
    '412 that broke off',
    put,
    { status: 412, body: s3('PreconditionFailed'), cut: true },
    'unknown',
    'refused',
  ],
  ['499 of nginx', form(), { status: 499 }, 'unknown', 'refused'],
  ['an unassigned status', form(), { status: 460 }, 'unknown', 'refused'],
  ['502', form(), { status: 502, body: PAGE }, 'unknown', 'refused'],
  ['504', form(), { status: 504 }, 'unknown', 'refused'],
  ['599', form(), { status: 599 }, 'unknown', 'refused'],
];

t.test('what a response proves', async (t) => {
  for (const [what, to, { status, body = '', location, etag, cut }, whole, early] of ROWS) {
    const response = { status, headers: { location, etag }, body, bodyWhole: !cut };
    const verdict = (everythingSent: boolean) => verdictOf({ form: to, everythingSent, response }).verdict;
    t.equal(verdict(true), whole, `${what}: ${status} after everything was sent`);
    t.equal(verdict(false), early, `${what}: ${status} before everything was sent`);
  }
});

t.test('no other status than S3’s own is success, and none is before everything was sent', async (t) => {
  const successes = (everythingSent: boolean) => {
    const statuses = new Set<number>();
    for (let status = 100; status < 600; status++) {
      for (const to of [form(), asks('200'), asks('201'), redirects, put]) {
        for (const body of ['', PAGE, POST_RESPONSE, s3('AccessDenied')]) {
          const headers = { location: 'https://example.com/done' };
          const response = { status, headers, body, bodyWhole: true };
          if (verdictOf({ form: to, everythingSent, response }).verdict === 'stored') statuses.add(status);
        }
      }
    }
    return [...statuses];
  };
  t.strictSame(successes(true), [200, 201, 204, 303]);
  t.strictSame(successes(false), []);
});
