import type { Endpoint } from './endpoints.ts';

export interface EndpointLimit {
  /** A place for an attempt, and how to give it back; undefined: the endpoint has all of its places in use. */
  take(endpoint: Endpoint): (() => void) | undefined;
}

/** How many attempts of one endpoint are made at once: one that hangs leaves places to the others. */
export function limitEndpoints(most: number): EndpointLimit {
  const inUse = new Map<string, number>();
  return {
    take({ url: { href } }) {
      const count = inUse.get(href) ?? 0;
      if (count >= most) return undefined;
      inUse.set(href, count + 1);
      return () => {
        const left = (inUse.get(href) ?? 1) - 1;
        if (left === 0) inUse.delete(href);
        else inUse.set(href, left);
      };
    },
  };
}
