import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** All that IANA has given out of IPv6 for unicast (RFC 4291, section 2.5.4): it leaves out `::a.b.c.d`, an old spelling of IPv4. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** An attempt was refused before it connected: the endpoint's host has an address that is not public. */
class AddressRefused extends Error {
  readonly code = 'AddressRefused';
}

/**
 * Whether this is an address of the public internet, as opposed to one of this machine, of a private network, of AWS's metadata and
 * credentials, or of no one. An IPv4 address within an IPv6 one counts as what it is; one that a gateway would translate (NAT64, 6to4,
 * Teredo) does not count as public, nor does what is no address.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST);
}

/** The host of a URL, an IPv6 address without brackets. A URL has each spelling of IPv4 (decimal, octal, hexadecimal) as a dotted one. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** @throws AddressRefused for an address; whatever is no address is looked up by `publicLookup` */
export function assertPublicHost(host: string): void {
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw refusal(host, host);
}

/**
 * A `lookup` for sockets that gives public addresses alone. It fails where a name has any other, so that no later choice can fall
 * on it. A socket connects to what its lookup gave, and asks no second time.
 */
export function publicLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '');
      const addresses = Array.isArray(found) ? found : [];
      const [first] = addresses;
      const refused = addresses.find(({ address }) => !isPublicAddress(address));
      if (refused) callback(refusal(hostname, refused.address), '');
      else if (!first) callback(new AddressRefused(`${hostname} has no address`), '');
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
}

function refusal(host: string, address: string): AddressRefused {
  return new AddressRefused(
    host === address
      ? `${address} is no public address`
      : `${host} leads to ${address}, which is no public address`,
  );
}
