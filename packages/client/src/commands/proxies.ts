import http, { type Agent } from 'node:http';
import https from 'node:https';
import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';

/** How the command reaches the issuer and S3: through the proxies that the environment names, or directly. */
export interface Proxies {
  /** For `uploadFile`. */
  agentFor(url: string): Agent | undefined;
  /** Ends what was set for all of this process. */
  close(): void;
}

/**
 * Honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in lower case or upper case, as Node's own support for proxies reads them (Node.js, "Built-in
 * Proxy Support"). An https URL goes through HTTPS_PROXY alone, by CONNECT; an http URL through HTTP_PROXY alone.
 *
 * @throws UsageError for a proxy that can't be used; the message does not repeat its user name and password
 */
export function openProxies(env: CliIo['env'], issuerUrl: string): Proxies {
  const httpsProxy = proxyOf(env, 'https_proxy');
  const httpProxy = proxyOf(env, 'http_proxy');
  if (httpsProxy === undefined && httpProxy === undefined) return { agentFor: () => undefined, close() {} };
  if (typeof http.setGlobalProxyFromEnv !== 'function') {
    throw new UsageError(
      `HTTPS_PROXY or HTTP_PROXY is set, and only Node 24.14 or newer can use a proxy; this is Node ${process.versions.node}`,
    );
  }
  const proxyEnv = {
    ...(httpsProxy && { https_proxy: httpsProxy }),
    ...(httpProxy && { http_proxy: httpProxy }),
    no_proxy: withSubdomains(env['no_proxy'] || env['NO_PROXY'] || ''),
  };
  // fetch would send an https request through HTTP_PROXY where HTTPS_PROXY is missing.
  const isIssuerProxied = (issuerUrl.startsWith('https:') ? httpsProxy : httpProxy) !== undefined;
  const restore = isIssuerProxied ? http.setGlobalProxyFromEnv(proxyEnv) : () => {};
  return {
    agentFor: (url) =>
      url.startsWith('https:') ? new https.Agent({ proxyEnv }) : new http.Agent({ proxyEnv }),
    close: restore,
  };
}

function proxyOf(env: CliIo['env'], name: 'https_proxy' | 'http_proxy'): string | undefined {
  const set = [name, name.toUpperCase()].find((name) => env[name]);
  if (set === undefined) return undefined;
  const proxy = env[set] ?? '';
  const protocol = URL.parse(proxy)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return proxy;
  throw new UsageError(
    `${set} is the http or https URL of a proxy, such as http://proxy.example:3128, and what it has is none`,
  );
}

/** In NO_PROXY `example.com` means its subdomains as well, as it does to curl; to Node's agents only with a dot before it. */
function withSubdomains(noProxy: string): string {
  const hosts = noProxy.split(/[,\s]+/).filter(Boolean);
  return hosts.flatMap((host) => (/^[a-z]/i.test(host) ? [host, `.${host}`] : [host])).join(',');
}
