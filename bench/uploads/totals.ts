import type { ByService, ServiceFigures, ServiceName } from './results.ts';

export const SERVICES: readonly ServiceName[] = ['url-issuer', 'acceptor', 'processor'];

/** A figure of all services together. */
export function totalOf(services: ByService, of: (figures: ServiceFigures) => number): number {
  return SERVICES.reduce((total, name) => total + of(services[name]), 0);
}

/** Calls of all operations together. */
export function callsOf(byOperation: Readonly<Record<string, number>>): number {
  return Object.values(byOperation).reduce((total, count) => total + count, 0);
}
