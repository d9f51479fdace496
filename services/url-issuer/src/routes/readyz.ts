import type { Readiness } from '@upload-once/runtime';
import type { FastifyInstance } from 'fastify';
import type { ErrorBody } from '../http-error.ts';

/** `GET /readyz`: 200 while forms can be issued, 503 with the reasons otherwise, and from the moment the service stops. */
export async function readyz(
  app: FastifyInstance,
  options: { readonly readiness: Readiness },
): Promise<void> {
  app.addHook('preClose', async () => options.readiness.stop());
  app.get('/readyz', { schema: { hide: true }, config: { probe: true } }, async (_request, reply) => {
    const reasons = await options.readiness.reasonsAgainst();
    if (reasons.length === 0) return { status: 'ready' };
    reply.code(503);
    return { message: reasons.join('. '), code: 'NotReady' } satisfies ErrorBody;
  });
}
