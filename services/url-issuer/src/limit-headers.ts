import type { FastifyReply } from 'fastify';

/** One limit that a request was counted against, and how it stands after that. */
export interface LimitState {
  /** Letters alone: it stands in the headers. */
  readonly name: string;
  /** Requests for each window. */
  readonly limit: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Until all of them are there again. */
  readonly resetSeconds: number;
}

/**
 * Adds a limit to the response's `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers-10 has them:
 * lists of a limit's name with its parameters, q the quota and w its window, r what remains and t when it is whole again.
 */
export function showLimit(reply: FastifyReply, state: LimitState): void {
  append(reply, 'ratelimit-policy', `"${state.name}";q=${state.limit};w=${state.windowSeconds}`);
  append(reply, 'ratelimit', `"${state.name}";r=${state.remaining};t=${state.resetSeconds}`);
}

function append(reply: FastifyReply, header: string, item: string): void {
  const before = reply.getHeader(header);
  reply.header(header, before === undefined ? item : `${before}, ${item}`);
}
