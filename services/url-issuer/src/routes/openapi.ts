import type { FastifyInstance } from 'fastify';

/** `GET /openapi.json`: the API's description, in OpenAPI 3.1; it needs no key. */
export async function openapi(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
