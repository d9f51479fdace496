import http, { type Agent } from 'node:http';
import https from 'node:https';
import { isIPv4 } from 'node:net';
import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';
import { fetchThrough } from './agent-fetch.ts';

/** The first release whose agents know proxies (Node.js, "http.Agent", `proxyEnv`). */
const NODE_MIN = [24, 5] as const;

/** How the command reaches the issuer and S3: through the proxies that the environment names, or directly. */
export interface Proxies {
  /** For the issuer; undefined: the platform's. */
  readonly fetch: typeof fetch | undefined;
  /** For `uploadFile`. */
  agentFor(url: string): Agent | undefined;
}

/**
 * Honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in lower case or upper case, as Node's own support for proxies reads them (Node.js, "Built-in
 * Proxy Support"). An https URL goes through HTTPS_PROXY alone, by CONNECT; an http URL through HTTP_PROXY alone.
 *
 * @throws UsageError for a proxy that can't be used; the message does not repeat its user name and password
 */
export function openProxies(env: CliIo['env']): Proxies {
  const proxyEnv = proxyEnvOf(env);
  if (!proxyEnv) return { fetch: undefined, agentFor: () => undefined };
  const agentFor = (url: string) =>
    url.startsWith('https:') ? new https.Agent({ proxyEnv }) : new http.Agent({ proxyEnv });
  return { fetch: fetchThrough(agentFor), agentFor };
}

/**
 * The agents for the clients of AWS's SDK, which reads none of these variables by itself; undefined: no proxy is named. What the SDK asks
 * for credentials goes by clients of its own: those of a container or an instance are on its own host, and never behind a proxy.
 *
 * @throws UsageError as `openProxies`
 */
export function awsAgents(
  env: CliIo['env'],
): { readonly httpAgent: http.Agent; readonly httpsAgent: https.Agent } | undefined {
  const proxyEnv = proxyEnvOf(env);
  if (!proxyEnv) return undefined;
  const settings = { proxyEnv, keepAlive: true };
  return { httpAgent: new http.Agent(settings), httpsAgent: new https.Agent(settings) };
}

/** What Node's agents take; undefined: no proxy is named. @throws UsageError */
function proxyEnvOf(env: CliIo['env']) {
  const https_proxy = proxyOf(env, 'https_proxy');
  const http_proxy = proxyOf(env, 'http_proxy');
  if (https_proxy === undefined && http_proxy === undefined) return undefined;
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    throw new UsageError(
      `HTTPS_PROXY or HTTP_PROXY is set, and only Node ${NODE_MIN.join('.')} or newer can use a proxy; this is Node ${node}`,
    );
  }
  return {
    ...(https_proxy && { https_proxy }),
    ...(http_proxy && { http_proxy }),
    no_proxy: exceptionsOf(env['no_proxy'] || env['NO_PROXY'] || ''),
  };
}

function proxyOf(env: CliIo['env'], name: 'https_proxy' | 'http_proxy'): string | undefined {
  const set = [name, name.toUpperCase()].find((name) => env[name]);
  if (set === undefined) return undefined;
  const proxy = env[set] ?? '';
  const url = URL.parse(proxy);
  // As the URL reads, not as it was written: Node's agents know the beginnings "http://" and "https://" alone, and go directly for any other.
  if (url && /^https?:$/.test(url.protocol) && canBeDecoded(url.username + url.password)) return url.href;
  throw new UsageError(
    `${set} is the http or https URL of a proxy, such as http://proxy.example:3128, and the given value is not`,
  );
}

function canBeDecoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * NO_PROXY as Node's agents take it. `example.com` means its subdomains as well, as it does to curl; to the agents only with a dot before
 * it. A network is a range to them.
 *
 * @throws UsageError for what the agents would take for a name that no host has
 */
function exceptionsOf(noProxy: string): string {
  const entries = noProxy.split(/[,\s]+/).filter(Boolean);
  return entries
    .flatMap((entry) => {
      if (entry.includes('/')) return rangeOf(entry);
      if (/^\[|(?<=.)\*|\*(?=[^.])/.test(entry)) throw noException(entry);
      return /^[a-z]/i.test(entry) ? [entry, `.${entry}`] : entry;
    })
    .join(',');
}

/** `10.0.0.0/8` → `10.0.0.0-10.255.255.255` */
function rangeOf(network: string): string {
  const [address = '', bits = '', ...more] = network.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32 || more.length > 0) {
    throw noException(network);
  }
  const sizeAddresses = 2 ** (32 - Number(bits));
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = number - (number % sizeAddresses);
  return [first, first + sizeAddresses - 1].map(dotted).join('-');
}

function noException(entry: string): UsageError {
  return new UsageError(
    `NO_PROXY takes host names, "*", IPv4 addresses, IPv6 addresses without brackets, and IPv4 networks such as 10.0.0.0/8, not ${JSON.stringify(entry)}`,
  );
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
