import type { FastifyRequest } from 'fastify';

const LONGEST = 256;

/** The path as it was asked for, for messages and log lines: no query (secrets get there by mistake), and never long. */
export function pathOf(request: Pick<FastifyRequest, 'url'>): string {
  const path = request.url.split('?', 1)[0] ?? '';
  return path.length > LONGEST ? `${path.slice(0, LONGEST)}…` : path;
}
