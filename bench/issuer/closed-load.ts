import autocannon from 'autocannon';
import { cpuSeconds } from '../process-cpu.ts';
import type { Ask } from './ask.ts';
import type { IssuerFigure } from './report.ts';
import type { Issuer } from './stage.ts';

const CONNECTIONS = 64;

/**
 * As many requests as the server responds to: each of 64 connections sends the next when it has the response to the last.
 * @throws Error where a request fails: what is not served is no figure
 */
export async function closedLoad(
  { process, url }: Issuer,
  { name, path, method = 'GET', headers, body, ownHeaders }: Ask,
  seconds: number,
): Promise<Record<IssuerFigure, number>> {
  const before = cpuSeconds(process.pid);
  const result = await autocannon({
    url: `${url}${path}`,
    connections: CONNECTIONS,
    duration: seconds,
    method,
    headers: { ...headers },
    ...(body !== undefined && { body }),
    ...(ownHeaders && {
      requests: [
        { setupRequest: (request) => ({ ...request, headers: { ...request.headers, ...ownHeaders() } }) },
      ],
    }),
  });
  const { '2xx': served, non2xx, errors, statusCodeStats = {} } = result;
  if (non2xx + errors > 0)
    throw new Error(
      `${name}: ${non2xx} of ${served + non2xx} responses were no form (${Object.keys(statusCodeStats)}), ${errors} errors`,
    );
  return {
    perSecond: served / result.duration,
    cpuMicroseconds: ((cpuSeconds(process.pid) - before) * 1e6) / served,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}
