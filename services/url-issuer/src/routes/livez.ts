import type { FastifyInstance } from 'fastify';

/** `GET /livez`: 200 as long as the process runs. It checks no other service: a table that is away is no reason to restart this one. */
export async function livez(app: FastifyInstance): Promise<void> {
  app.get('/livez', { schema: { hide: true }, config: { probe: true } }, async () => ({ status: 'alive' }));
}
