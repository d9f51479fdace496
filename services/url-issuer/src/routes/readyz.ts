import type { Readiness } from '@upload-once/runtime';
import type { FastifyInstance } from 'fastify';
import { type ErrorBody, notFound } from '../http-error.ts';

const PATH = '/readyz';

/**
 * `GET /readyz`: 200 while forms can be issued, 503 with the reasons otherwise, and from the moment the service stops. Written in any
 * other way (`/%72eadyz`), it is no path: a load balancer keeps clients from this one by its plain text.
 */
export async function readyz(
  app: FastifyInstance,
  options: { readonly readiness: Readiness },
): Promise<void> {
  app.addHook('preClose', async () => options.readiness.stop());
  app.get(PATH, { schema: { hide: true }, config: { probe: true } }, async (request, reply) => {
    if (request.url.split('?', 1)[0] !== PATH) throw notFound();
    const reasons = await options.readiness.reasonsAgainst();
    if (reasons.length === 0) return { status: 'ready' };
    reply.code(503);
    return { message: reasons.join('. '), code: 'NotReady' } satisfies ErrorBody;
  });
}
