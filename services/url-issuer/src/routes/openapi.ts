import type { FastifyInstance } from 'fastify';

/** `GET /openapi.json`: the API's description, in OpenAPI 3.1; it needs no key. */
export async function openapi(app: FastifyInstance): Promise<void> {
  // Bytes, not text: all responses that wait for their clients share them.
  let document: Buffer | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    // Once a service responds, its routes stay as they are.
    document ??= Buffer.from(JSON.stringify(app.swagger()));
    return reply.type('application/json; charset=utf-8').send(document);
  });
}
