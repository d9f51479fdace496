import t from 'tap';
import { appUnderTest } from './app-under-test.ts';
import { exchange } from './raw-http.ts';

t.test('the description of the API needs no key, and says where it is', async (t) => {
  const { app } = await appUnderTest(t, { pathPrefix: '/prod' });
  const response = await app.inject({ method: 'GET', url: '/openapi.json' });
  t.equal(response.statusCode, 200);
  t.match(response.headers['content-type'], 'application/json');
  const description = response.json();
  t.match(description, { openapi: '3.1.0', servers: [{ url: '/prod' }] });
  t.strictSame(Object.keys(description.paths).sort(), [
    '/getpresignedurl',
    '/u/sign',
    '/u/view',
    '/v1/links',
    '/v1/links/{id}',
    '/v1/uploads',
    '/v1/uploads/{id}',
  ]);
  const { securitySchemes } = description.components;
  t.match(securitySchemes.apiKey, { type: 'apiKey', in: 'header', name: 'x-api-key' });
  t.match(securitySchemes.link, { type: 'http', scheme: 'bearer' });
  t.strictSame(description.paths['/u/sign'].post.security, [{ link: [] }]);
});

t.test('every route describes its responses, errors and headers included', async (t) => {
  const { app } = await appUnderTest(t);
  const { paths } = (await app.inject({ method: 'GET', url: '/openapi.json' })).json();
  const described = Object.entries<Record<string, { responses: Record<string, { headers?: object }> }>>(
    paths,
  ).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { responses }]) => [`${method} ${path}`, responses] as const),
  );
  t.equal(described.length, 11);
  const everywhere = ['400', '403', '408', '417', '429', '431', '500', '503'];
  for (const [operation, responses] of described) {
    for (const status of everywhere) t.ok(status in responses, `${operation} ${status}`);
    const headersOf = (status: string) => Object.keys(responses[status]?.headers ?? {});
    const good = Object.keys(responses).find((status) => status.startsWith('2')) ?? '';
    t.strictSame(headersOf(good), ['X-Request-Id', 'RateLimit-Policy', 'RateLimit'], operation);
    t.strictSame(
      headersOf('429'),
      ['Retry-After', 'X-Request-Id', 'RateLimit-Policy', 'RateLimit'],
      operation,
    );
    t.match(responses['503']?.headers, { 'Retry-After': { required: true, schema: { type: 'integer' } } });
    t.notOk(JSON.stringify(responses).includes('"required":false'));
  }
});

t.test('the responses before there is a request are described as well', async (t) => {
  const { app } = await appUnderTest(t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const lines = (...all: string[]) => [...all, '', ''].join('\r\n');
  const cases: Record<string, [status: number, ...headers: string[]]> = {
    'no Host': [400],
    'a header that is none': [400, 'Host: x', 'a header'],
    'another expectation': [417, 'Host: x', 'Expect: x'],
    'too long a header': [431, 'Host: x', `X-Long: ${'x'.repeat(200_000)}`],
  };
  for (const [what, [status, ...headers]] of Object.entries(cases)) {
    for (const target of [
      'GET /getpresignedurl',
      'POST /v1/uploads',
      'GET /v1/uploads/x',
      'DELETE /v1/uploads/x',
      'POST /v1/links',
      'PATCH /v1/links/x',
      'POST /u/sign',
    ]) {
      // `exchange` holds the response to the description.
      const response = await exchange(app, lines(`${target} HTTP/1.1`, 'Connection: close', ...headers));
      t.equal(response.status, status, `${target}, ${what}`);
    }
  }
});

t.test('an id that is longer than any: 414, which names the request', async (t) => {
  const { get } = await appUnderTest(t);
  const response = await get(`/v1/uploads/${'x'.repeat(5_000)}`);
  t.equal(response.statusCode, 414);
  t.match(response.json(), { code: 'URITooLong' });
  t.match(response.headers['x-request-id'], /^[0-9a-f]{20}$/);
});
