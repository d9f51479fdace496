import { isIP } from 'node:net';
import type { Endpoint, Endpoints } from './endpoints.ts';
import { hostOf, isPublicAddress } from './public-address.ts';
import { WebhookType } from './webhook-event.ts';

const LEAST_SECRET_BYTES = 24;
const MOST_SECRET_BYTES = 64;
const MOST_SECRETS = 2;
const SECRET_PREFIX = 'whsec_';
const TYPES = Object.values(WebhookType);
const ENDPOINT_NAMES = ['url', 'secrets', 'events'];
const API_KEY_ID = /^[0-9a-f]{16}$/;
/** A misspelt name is shown. Anything else can be a secret in the place of one. */
const SHOWN_NAME = /^[A-Za-z]{1,16}$/;

export type EndpointsFinding =
  | { readonly endpoints: Endpoints }
  /** Each says where, and what is allowed. None shows a secret, or more of a URL than its origin. */
  | { readonly problems: readonly string[] };

/**
 * Reads the JSON of WEBHOOKS:
 * `{"default": {"url": "https://…", "secrets": ["whsec_…"], "events": ["upload.processed"]}, "apiKeys": {"<API key id>": {…}}}`.
 * @param allowedOrigins those of WEBHOOK_ALLOWED_ORIGINS
 */
export function readEndpoints(json: string, allowedOrigins: ReadonlySet<string>): EndpointsFinding {
  const problems: string[] = [];
  const config = parse(json);
  if (config === undefined) return { problems: ['expected JSON, and it cannot be parsed as that'] };
  if (!isObject(config)) return { problems: ['expected a JSON object with "default", "apiKeys" or both'] };
  assertNames('', config, ['default', 'apiKeys']);
  const byApiKey = new Map<string, Endpoint>();
  const { default: given, apiKeys } = config;
  const standard = given === undefined ? undefined : readEndpoint('default', given);
  if (given === undefined && apiKeys === undefined) refuse('it', '"default", "apiKeys" or both');
  if (apiKeys !== undefined && !isObject(apiKeys))
    refuse('apiKeys', 'an object with the id of an API key for each endpoint');
  const ofKeys = Object.entries(isObject(apiKeys) ? apiKeys : {});
  if (given === undefined && isObject(apiKeys) && ofKeys.length === 0)
    refuse('apiKeys', 'at least one endpoint, because there is no "default"');
  for (const [at, [id, one]] of ofKeys.entries()) {
    // It can be the whole key.
    const isId = API_KEY_ID.test(id);
    if (!isId)
      refuse(
        `apiKeys, entry ${at + 1}`,
        'the id of an API key, 16 hexadecimal digits as `upload-once keys list` shows them; its name is not shown',
      );
    const endpoint = readEndpoint(isId ? `apiKeys["${id}"]` : `apiKeys, entry ${at + 1}`, one);
    if (endpoint) byApiKey.set(id, endpoint);
  }
  return problems.length > 0 ? { problems } : { endpoints: { default: standard, byApiKey } };

  function refuse(where: string, expected: string): undefined {
    problems.push(`${where}: expected ${expected}`);
  }

  function readEndpoint(where: string, endpoint: unknown): Endpoint | undefined {
    if (!isObject(endpoint)) return refuse(where, 'an object with "url" and "secrets"');
    assertNames(where, endpoint, ENDPOINT_NAMES);
    const url = readUrl(`${where}.url`, endpoint['url']);
    const secrets = readSecrets(`${where}.secrets`, endpoint['secrets']);
    const types = readTypes(`${where}.events`, endpoint['events']);
    return url && { url, secrets, types, isAllowed: allowedOrigins.has(url.origin) };
  }

  function readUrl(where: string, given: unknown): URL | undefined {
    const url = typeof given === 'string' ? URL.parse(given) : null;
    const isAllowed = url !== null && allowedOrigins.has(url.origin);
    if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isAllowed)))
      return refuse(
        where,
        `an https URL${url ? `, got one of ${url.protocol}//${url.host}` : ''}; http is only for origins of WEBHOOK_ALLOWED_ORIGINS`,
      );
    if (url.username !== '' || url.password !== '' || url.hash !== '')
      return refuse(where, 'a URL without user, password and #');
    const host = hostOf(url);
    if (!isAllowed && isIP(host) !== 0 && !isPublicAddress(host))
      return refuse(
        where,
        `a public address, got ${host}; others need their origin in WEBHOOK_ALLOWED_ORIGINS`,
      );
    return url;
  }

  function readSecrets(where: string, given: unknown): Uint8Array[] {
    if (!Array.isArray(given) || given.length < 1 || given.length > MOST_SECRETS) {
      refuse(where, 'a list of one or two secrets');
      return [];
    }
    if (new Set(given).size < given.length) refuse(where, 'two different secrets');
    return given.flatMap((secret, at) => readSecret(`${where}[${at}]`, secret) ?? []);
  }

  function readSecret(where: string, given: unknown): Uint8Array | undefined {
    const text =
      typeof given === 'string' && given.startsWith(SECRET_PREFIX) ? given.slice(SECRET_PREFIX.length) : '';
    const secret = Buffer.from(text, 'base64');
    const isBase64 = secret.toString('base64') === text;
    if (isBase64 && secret.length >= LEAST_SECRET_BYTES && secret.length <= MOST_SECRET_BYTES) return secret;
    return refuse(
      where,
      `"${SECRET_PREFIX}" and ${LEAST_SECRET_BYTES} to ${MOST_SECRET_BYTES} bytes in base64; what there is, is not shown`,
    );
  }

  function readTypes(where: string, given: unknown = TYPES): ReadonlySet<WebhookType> {
    if (Array.isArray(given) && given.length > 0 && given.every((type) => TYPES.includes(type)))
      return new Set(given);
    refuse(where, `a list of ${TYPES.map((type) => `"${type}"`).join(', ')}`);
    return new Set();
  }

  function assertNames(where: string, object: object, names: readonly string[]): void {
    for (const name of Object.keys(object)) {
      if (names.includes(name)) continue;
      const got = SHOWN_NAME.test(name) ? `"${name}"` : 'another name, which is not shown';
      refuse(where || 'it', `only ${names.map((known) => `"${known}"`).join(', ')}, got ${got}`);
    }
  }
}

/** Undefined: no JSON. What the parser says of that shows a part of the text. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
