import type { FastifyRequest } from 'fastify';

const LONGEST = 256;

/** The path as it was asked for, for the answer to whoever asked: no query, and never long. No log line has it: it can hold a key. */
export function pathOf(request: Pick<FastifyRequest, 'url'>): string {
  const path = request.url.split('?', 1)[0] ?? '';
  return path.length > LONGEST ? `${path.slice(0, LONGEST)}…` : path;
}
