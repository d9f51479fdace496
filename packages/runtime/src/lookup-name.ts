import { type LookupAddress, lookup as lookupInPool } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP, type LookupFunction } from 'node:net';

/** How long a name server may take to respond, and how often it is asked. A connection must stand within two seconds. */
const RESPONSE_MS = 700;
const TRIES = 2;

/** The errors of a name server for a name that it does not have, or that has no such address. */
const NO_SUCH_NAME: readonly unknown[] = ['ENOTFOUND', 'ENODATA'];

/** RFC 6761, section 6.3: names below `localhost` are never asked for. */
const LOOPBACK = ['127.0.0.1', '::1'];

/** Another attempt may succeed; the code is that of `dns.lookup`, which clients know. */
class NameNotResolved extends Error {
  readonly code = 'EAI_AGAIN';
}

export interface NameSources {
  /** The addresses that the hosts file gives to names. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** Asks the name servers. */
  readonly resolver: Pick<Resolver, 'resolve4' | 'resolve6'>;
  /** Asks the system, for a name that name servers know only with a search domain. */
  readonly lookupInSystem: LookupFunction;
}

/**
 * A `lookup` for sockets that does not need libuv's thread pool. `dns.lookup` does (Node.js documentation, "Implementation considerations"
 * of `dns`), and a handler that fills the pool would keep every service call from its connection.
 *
 * The hosts file comes first, then the name servers; both kinds of addresses are given. Only for a name that no name server knows is the
 * system asked, and with it the pool. A name server that does not respond is an error.
 *
 * What else the SDK needs the pool for: a profile's files once, at the start. Credentials of EKS Pod Identity
 * (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) and of IAM Identity Center need it at each renewal. Credentials from the environment, of an ECS
 * task role and of AWS_WEB_IDENTITY_TOKEN_FILE do not need it.
 */
export function createLookup({ hosts, resolver, lookupInSystem }: NameSources): LookupFunction {
  async function resolve(name: string): Promise<readonly string[]> {
    if (isIP(name) !== 0) return [name];
    const given = hosts.get(name);
    if (given) return given;
    if (name === 'localhost' || name.endsWith('.localhost')) return LOOPBACK;
    const results = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    if (addresses.length > 0) return addresses;
    for (const result of results)
      if (result.status === 'rejected' && !NO_SUCH_NAME.includes(result.reason.code))
        throw new NameNotResolved(`the name servers do not say where ${name} is`, { cause: result.reason });
    return [];
  }

  return function lookup(hostname, options, callback) {
    const name = hostname.toLowerCase().replace(/\.$/, '');
    resolve(name).then(
      (addresses) => {
        const all = addresses.map((address): LookupAddress => ({ address, family: isIP(address) }));
        const wanted = Number(String(options.family ?? 0).replace('IPv', ''));
        const found = wanted === 0 ? all : all.filter(({ family }) => family === wanted);
        const [first] = found;
        if (first === undefined) lookupInSystem(hostname, options, callback);
        else if (options.all) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (error) => callback(error, ''),
    );
  };
}

/** Reads the hosts file (hosts(5)). */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, readonly string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names.map((each) => each.toLowerCase())) {
      const known = hosts.get(name) ?? [];
      if (!known.includes(address)) hosts.set(name, [...known, address]);
    }
  }
  return hosts;
}

function readHosts(): ReadonlyMap<string, readonly string[]> {
  try {
    return parseHosts(readFileSync('/etc/hosts', 'utf8'));
  } catch {
    return new Map();
  }
}

/** Names as the system knows them when the service starts. */
export const lookupName = createLookup({
  hosts: readHosts(),
  resolver: new Resolver({ timeout: RESPONSE_MS, tries: TRIES }),
  lookupInSystem: lookupInPool,
});
