import type { Endpoint } from './endpoints.ts';

/** A place for an attempt. It is given back with whether the endpoint gave a response. */
type Release = (hasResponded: boolean) => void;

export interface EndpointLimit {
  /** Undefined: there is no place for an attempt of this endpoint now. */
  take(endpoint: Endpoint): Release | undefined;
  /** The last attempt got no response. */
  isSilent(endpoint: Endpoint): boolean;
}

/**
 * How many attempts are made at once: `most` of one endpoint. A silent endpoint, one whose last attempt got no response, has one place
 * until it responds, and all silent ones together have `mostOfSilent`. So however many hang, the others have places.
 */
export function limitEndpoints(limits: {
  readonly most: number;
  readonly mostOfSilent: number;
}): EndpointLimit {
  const inUse = new Map<string, number>();
  const silent = new Set<string>();
  let silentInUse = 0;

  function mayTake(href: string): boolean {
    const count = inUse.get(href) ?? 0;
    return silent.has(href) ? count === 0 && silentInUse < limits.mostOfSilent : count < limits.most;
  }

  return {
    take({ url: { href } }) {
      if (!mayTake(href)) return undefined;
      const wasSilent = silent.has(href);
      inUse.set(href, (inUse.get(href) ?? 0) + 1);
      if (wasSilent) silentInUse += 1;
      return (hasResponded) => {
        const left = (inUse.get(href) ?? 1) - 1;
        if (left === 0) inUse.delete(href);
        else inUse.set(href, left);
        if (wasSilent) silentInUse -= 1;
        if (hasResponded) silent.delete(href);
        else silent.add(href);
      };
    },
    isSilent: ({ url }) => silent.has(url.href),
  };
}
