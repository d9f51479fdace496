import { isIP } from 'node:net';
import { normalizeIP } from '@fastify/rate-limit';

const NO_ADDRESS = 'no address';

/**
 * What requests of one client have in common: an IPv4 address, or the /64 network of an IPv6 address, which one client has to itself. A
 * proxy may write more into X-Forwarded-For than an address. A port behind it counts for nothing, and whatever is no address, or missing,
 * is the same as all else that is none.
 */
export function clientAddressOf(address: string = NO_ADDRESS): string {
  const bare = /^\[([^\]]*)\](?::\d*)?$/.exec(address)?.[1] ?? address.replace(/^([0-9.]+):\d*$/, '$1');
  return isIP(bare) === 0 ? NO_ADDRESS : normalizeIP(bare);
}
