import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ConfigError, loadConfig } from '@upload-once/runtime';
import t, { type Test } from 'tap';
import { textColorOn } from '../src/link-page/branding.ts';
import { brandingFrom, linkPageChecks, linkPageFields } from '../src/link-page/link-page-config.ts';
import { readPageFiles } from '../src/link-page/page-files.ts';
import { preferredLanguage } from '../src/link-page/preferred-language.ts';
import { LINK_LANGUAGES } from '../src/links/link-settings.ts';
import { signerOf } from './app-under-test.ts';
import { linkClient } from './link-client.ts';

const BUCKET = 'https://upload-bucket.s3.eu-central-1.amazonaws.com';
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>';
const PAGE_MAX_BYTES = 30_000;

const dataUrl = (type: string, bytes: string | Buffer) =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

const branded = async (env: Record<string, string> = {}) =>
  brandingFrom(await loadConfig(linkPageFields, env, linkPageChecks));

async function violations(env: Record<string, string>): Promise<string[]> {
  try {
    await branded(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ variable, message }) => `${variable}: ${message}`);
  }
}

async function page(
  t: Test,
  { env = {}, ...overrides }: { env?: Record<string, string> } & Parameters<typeof linkClient>[1] = {},
) {
  const linkPage = { branding: await branded(env), bucketOrigin: BUCKET };
  const client = await linkClient(t, { linkPage, ...overrides });
  return {
    ...client,
    load: (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
      client.app.inject({ method, url, headers }),
  };
}

t.test('the page is the same for all, may load and send nothing elsewhere, and asks no table', async (t) => {
  const { load, faults, make } = await page(t);
  const { token } = await make();
  const before = faults.calls.length;
  const response = await load('/u');
  t.equal(response.statusCode, 200);
  t.equal(response.headers['content-type'], 'text/html; charset=utf-8');
  t.strictSame(String(response.headers['content-security-policy']).split('; '), [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${BUCKET}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
  t.match(response.headers, {
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache',
    vary: 'Accept-Encoding, Accept-Language',
  });
  t.equal(response.headers['set-cookie'], undefined);
  t.notMatch(response.body, /<script(?! type="module" src="u\/page\.mjs"><\/script>)|<style|style=|https?:/);
  const head = await load(`/u?${token}`, { authorization: `Bearer ${token}` }, 'HEAD');
  t.equal(head.statusCode, 200);
  t.equal(head.body, '');
  t.equal(faults.calls.length, before);
});

t.test('a link whose # became %23 gets the page, which knows none', async (t) => {
  const { load, faults, logLines, metrics } = await page(t, { pathPrefix: '/prod' });
  const token = `a%20b%2Fc-20250304_050607-x.${'s'.repeat(43)}`;
  const before = faults.calls.length;
  const { body } = await load('/prod/u');
  for (const path of [`/prod/u%23${token}`, '/prod/u%23']) {
    const response = await load(path);
    t.equal(response.statusCode, 200, path);
    t.equal(response.body, body);
  }
  t.equal(faults.calls.length, before);
  for (const path of ['/prod/u%24x', '/prod/ux']) t.equal((await load(path)).statusCode, 404, path);
  t.notMatch(logLines.join(), token.slice(-43));
  t.notMatch(JSON.stringify(metrics), token.slice(-43));
});

t.test('all that the page refers to is there', async (t) => {
  const { load } = await page(t);
  const sources = [(await load('/u')).body, ...(await scripts(load))];
  const paths = sources
    .flatMap((source) => [...source.matchAll(/(?:href|src)="(u\/[^"]+)"|from '\.\/([^']+)'/g)])
    .map(([, path, script]) => path ?? `u/${script}`);
  t.ok(paths.length > 10);
  for (const path of new Set(paths)) t.equal((await load(`/${path}`)).statusCode, 200, path);
  for (const path of ['/u/', '/u/page.html', '/u/tsconfig.json', '/u/none.mjs', '/u/../main.ts'])
    t.equal((await load(path)).statusCode, 404, path);
});

async function scripts(load: (url: string) => Promise<{ body: string }>): Promise<string[]> {
  const folder = new URL('../src/link-page/browser/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  return Promise.all(names.map(async (name) => (await load(`/u/${name}`)).body));
}

t.test('the whole page has less than 30 kB, in all its languages', async (t) => {
  const { load } = await page(t);
  const { assets } = await readPageFiles(await branded());
  const paths = ['/u', ...Object.keys(assets).map((path) => `/${path}`)];
  t.ok(paths.length > 15, paths.join());
  let bytes = 0;
  for (const path of paths) {
    const { headers, rawPayload } = await load(path, { 'accept-encoding': 'gzip' });
    t.equal(headers['content-encoding'], 'gzip', path);
    bytes += rawPayload.length;
  }
  t.ok(bytes < PAGE_MAX_BYTES, `${bytes} bytes`);
});

t.test('a browser that has the page gets 304', async (t) => {
  const { load } = await page(t);
  for (const encoding of ['gzip', 'identity']) {
    const headers = { 'accept-encoding': encoding };
    const { etag } = (await load('/u/page.mjs', headers)).headers;
    for (const known of [`${etag}`, `"x", W/${etag}`, '*']) {
      const response = await load('/u/page.mjs', { ...headers, 'if-none-match': known });
      t.equal(response.statusCode, 304, known);
      t.equal(response.headers.etag, etag);
      t.equal(response.body, '');
    }
    t.equal((await load('/u', { ...headers, 'if-none-match': `${etag}` })).statusCode, 200);
  }
});

t.test('a client that takes no gzip gets none', async (t) => {
  const { load } = await page(t);
  const plain = await load('/u/page.css');
  const tags = new Set([plain.headers.etag]);
  for (const encodings of ['br', 'gzip;q=0', 'gzip; q=0.000, br', 'br, x-gzip2']) {
    const response = await load('/u/page.css', { 'accept-encoding': encodings });
    t.equal(response.headers['content-encoding'], undefined, encodings);
    tags.add(response.headers.etag);
  }
  t.equal(tags.size, 1);
  for (const encodings of ['gzip', 'br, GZIP;q=0.1', 'deflate,gzip']) {
    const response = await load('/u/page.css', { 'accept-encoding': encodings });
    t.equal(gunzipSync(response.rawPayload).toString(), plain.body, encodings);
    tags.add(response.headers.etag);
  }
  t.equal(tags.size, 2);
});

t.test('without an origin for links there is no page', async (t) => {
  const { app } = await linkClient(t, { links: { ...(await linksWithoutOrigin()) } });
  t.equal((await app.inject({ method: 'GET', url: '/u' })).statusCode, 404);
});

async function linksWithoutOrigin() {
  const { LINKS } = await import('./app-under-test.ts');
  const { origin: _origin, ...others } = LINKS;
  return others;
}

t.test('the page is behind the path prefix, and of a page elsewhere', async (t) => {
  const { load } = await page(t, { pathPrefix: '/prod', corsOrigins: ['https://www.example.com'] });
  const response = await load('/prod/u');
  t.equal(response.statusCode, 200);
  t.equal(response.headers.vary, 'Origin, Accept-Encoding, Accept-Language');
  t.equal((await load('/prod/u/page.mjs')).statusCode, 200);
  t.equal((await load('/u')).statusCode, 404);
});

t.test('the page speaks the browser’s language', async (t) => {
  const { load } = await page(t, { env: { LINK_PAGE_PRIVACY_URL: 'https://www.example.com/privacy' } });
  const cases: Record<string, string> = {
    '': 'en',
    'de-AT,de;q=0.9,en;q=0.8': 'de',
    'sv, nl;q=0.5, en;q=0.4': 'nl',
    'en;q=0.2, FR-CA ; q=0.9': 'fr',
    'es;q=0, sv': 'en',
    '*': 'en',
    'zh, ;q=x,': 'en',
  };
  for (const [header, language] of Object.entries(cases)) {
    t.equal(preferredLanguage(header, LINK_LANGUAGES), language, header);
    const { body } = await load('/u', { 'accept-language': header });
    const { title, noscript, privacy } = textsOf(language);
    t.match(body, `<html lang="${language}">`);
    t.match(body, `<title>${title}</title>`);
    t.match(body, `<noscript><p>${noscript}</p></noscript>`);
    t.match(body, `>${privacy}</a>`);
    t.notMatch(body, '{{');
  }
});

const textsOf = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(new URL(`../src/link-page/texts/${language}.json`, import.meta.url), 'utf8'));

t.test('each language has each text, with the same places, and the page uses all of them', async (t) => {
  const { load } = await page(t);
  const english = textsOf('en');
  const placesOf = (text = '') => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
  for (const language of LINK_LANGUAGES) {
    const texts = textsOf(language);
    t.strictSame(Object.keys(texts), Object.keys(english), language);
    for (const [key, text] of Object.entries(texts)) {
      t.ok(text.trim() === text && text !== '', `${language}: ${key}`);
      t.strictSame(placesOf(text), placesOf(english[key]), `${language}: ${key}`);
    }
  }
  const source = (await scripts(load)).join('\n');
  for (const key of Object.keys(english)) {
    if (key === 'noscript') continue;
    t.match(source, new RegExp(`'${key.replace(/Title$/, '')}'|texts\\.${key}`), key);
  }
});

t.test('the page has the name, the logo, the colour and the privacy note of the installation', async (t) => {
  const { load } = await page(t, {
    env: {
      LINK_PAGE_NAME: 'Müller & <Söhne>',
      LINK_PAGE_LOGO: dataUrl('image/svg+xml', SVG),
      LINK_PAGE_COLOR: '#FFCC00',
      LINK_PAGE_PRIVACY_URL: 'https://www.example.com/privacy?a=1&b="2"',
    },
  });
  const { body } = await load('/u');
  t.match(body, '<img src="u/logo" alt="" height="40"><span>Müller &#38; &#60;Söhne&#62;</span>');
  t.match(body, 'href="https://www.example.com/privacy?a=1&#38;b=&#34;2&#34;"');
  t.match((await load('/u/page.css')).body, /^:root\{--accent:#FFCC00;--on-accent:#000000\}/);
  const logo = await load('/u/logo');
  t.equal(logo.body, SVG);
  t.equal(logo.headers['content-type'], 'image/svg+xml');
  t.equal(
    logo.headers['content-security-policy'],
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
  );
});

t.test('without them it has its own colour and icon, and names no organisation', async (t) => {
  const { load } = await page(t);
  const { body } = await load('/u');
  t.notMatch(body, /<header|<footer/);
  t.match((await load('/u/page.css')).body, /^:root\{--accent:#1d5fa8;--on-accent:#ffffff\}/);
  t.match((await load('/u/logo')).body, '<svg');
});

t.test('a PNG is a logo, served as it is', async (t) => {
  const bytes = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from('rest')]);
  const { load } = await page(t, { env: { LINK_PAGE_LOGO: dataUrl('image/png', bytes) } });
  const response = await load('/u/logo', { 'accept-encoding': 'gzip' });
  t.equal(response.headers['content-type'], 'image/png');
  t.equal(response.headers['content-encoding'], undefined);
  t.strictSame(response.rawPayload, bytes);
});

t.test('what cannot be shown is named at the start', async (t) => {
  const wrong: Record<string, string[]> = {
    LINK_PAGE_COLOR: ['blue', '#fff', '#12345g', '1d5fa8', '#1d5fa8ff', '#1d5fa8;}'],
    LINK_PAGE_LOGO: [
      'https://www.example.com/logo.svg',
      'data:image/svg+xml;utf8,<svg/>',
      dataUrl('image/gif', 'GIF89a'),
      dataUrl('image/png', SVG),
      dataUrl('image/svg+xml', 'no picture'),
      dataUrl('image/svg+xml', SVG.padEnd(32 * 1024 + 1)),
      dataUrl('image/svg+xml', ''),
    ],
    LINK_PAGE_PRIVACY_URL: [
      'http://www.example.com/privacy',
      'javascript:alert(1)',
      'https://',
      'https://[x]/',
    ],
    LINK_PAGE_NAME: ['x'.repeat(81), 'Example\u202egnp.exe', 'two\nlines'],
  };
  for (const [variable, values] of Object.entries(wrong)) {
    for (const value of values) {
      const [message = '', ...others] = await violations({ [variable]: value });
      t.match(message, `${variable}: expected `, value.slice(0, 60));
      t.ok(message.length < 300, message);
      t.strictSame(others, []);
    }
  }
  const largest = dataUrl('image/svg+xml', SVG.padEnd(32 * 1024));
  t.strictSame(await violations({ LINK_PAGE_LOGO: largest, LINK_PAGE_NAME: 'x'.repeat(80) }), []);
});

t.test('text on a colour is white or black, whichever has more contrast', async (t) => {
  t.equal(textColorOn('#ffffff'), '#000000');
  t.equal(textColorOn('#ff0000'), '#000000');
  t.equal(textColorOn('#0000ff'), '#ffffff');
  t.equal(textColorOn('#747474'), '#ffffff');
  t.equal(textColorOn('#777777'), '#000000');
});

t.test('the page sends to where forms and PUTs are signed for', async (t) => {
  const { bucketOriginOf } = await import('../src/signing/bucket-origin.ts');
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { make, sign } = await page(t, { signer: signerOf() });
  const client = new S3Client({ region: 'eu-central-1' });
  const origin = await bucketOriginOf({ client, bucket: 'upload-bucket' });
  for (const method of ['put', 'post'])
    t.equal(new URL((await sign((await make({ method })).token)).json().url).origin, origin, method);
  const local = new S3Client({
    region: 'eu-central-1',
    endpoint: 'http://127.0.0.1:9000',
    forcePathStyle: true,
  });
  t.equal(await bucketOriginOf({ client: local, bucket: 'b' }), 'http://127.0.0.1:9000');
});
