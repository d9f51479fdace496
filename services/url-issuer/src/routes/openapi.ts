import type { FastifyInstance } from 'fastify';

/** `GET /openapi.json`: the API's description, in OpenAPI 3.1; it needs no key. */
export async function openapi(app: FastifyInstance): Promise<void> {
  let document: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    // Once a service answers, its routes stay as they are.
    document ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').send(document);
  });
}
