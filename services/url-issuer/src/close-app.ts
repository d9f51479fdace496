import type { FastifyInstance } from 'fastify';

const IDLE_CHECK_MS = 100;

/**
 * Takes no new connection, closes the idle ones, and lets the requests in flight finish.
 * What is still open after `limitSeconds` is cut off. Resolves when the last connection is gone.
 */
export async function closeApp(app: FastifyInstance, limitSeconds: number): Promise<void> {
  // A response that was on its way when closing began left its connection open, and idle from then on.
  const idleCheck = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
  const limit = setTimeout(() => app.server.closeAllConnections(), limitSeconds * 1000);
  try {
    await app.close();
  } finally {
    clearInterval(idleCheck);
    clearTimeout(limit);
  }
}
