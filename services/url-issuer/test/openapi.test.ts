import t from 'tap';
import { appUnderTest } from './app-under-test.ts';

t.test('the description of the API needs no key, and says where it is', async (t) => {
  const { app } = await appUnderTest(t, { pathPrefix: '/prod' });
  const response = await app.inject({ method: 'GET', url: '/openapi.json' });
  t.equal(response.statusCode, 200);
  t.match(response.headers['content-type'], 'application/json');
  const description = response.json();
  t.match(description, { openapi: '3.1.0', servers: [{ url: '/prod' }] });
  t.strictSame(Object.keys(description.paths).sort(), [
    '/getpresignedurl',
    '/v1/uploads',
    '/v1/uploads/{id}',
  ]);
  t.match(description.components.securitySchemes.apiKey, { type: 'apiKey', in: 'header', name: 'x-api-key' });
});

t.test('every route says what it answers, errors included', async (t) => {
  const { app } = await appUnderTest(t);
  const { paths } = (await app.inject({ method: 'GET', url: '/openapi.json' })).json();
  for (const [path, operations] of Object.entries<Record<string, { responses: object }>>(paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      for (const status of ['403', '429', '503']) t.ok(status in responses, `${method} ${path} ${status}`);
    }
  }
});
