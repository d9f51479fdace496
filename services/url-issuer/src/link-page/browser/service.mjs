/**
 * What the service says of a link.
 * @typedef {object} View
 * @property {'open' | 'received' | 'failed' | 'expired' | 'revoked' | 'stopped'} state
 * @property {string} [title]
 * @property {string} [message]
 * @property {string} [from]
 * @property {string[]} [contentTypes]
 * @property {number} minBytes
 * @property {number} maxBytes
 * @property {string} expiresAt
 * @property {string} [language]
 * @property {string} [returnUrl]
 * @property {{ versionId: string, sizeBytes: number, storedAt: string }} [received]
 *
 * What a file is sent with.
 * @typedef {object} Signed
 * @property {'put' | 'post'} method
 * @property {string} url
 * @property {Record<string, string>} [headers]
 * @property {Record<string, string>} [fields]
 */

const TIMEOUT_MS = 15_000;

/** The service gave no response to go on with. */
export class ServiceError extends Error {
  /**
   * @param {'unknown' | 'busy' | 'unreachable' | 'refused'} kind
   * @param {number} waitSeconds
   * @param {number} [status] of the response, if one came
   */
  constructor(kind, waitSeconds = 0, status = 0) {
    super(kind);
    this.kind = kind;
    this.status = status;
    this.waitSeconds = waitSeconds;
  }
}

/**
 * @param {string} token
 * @returns {Promise<View>}
 */
export const viewLink = (token) => ask('view', token);

/**
 * @param {string} token
 * @param {{ sizeBytes: number, contentType?: string, filename?: string }} file
 * @returns {Promise<Signed>}
 */
export const signFile = (token, file) => ask('sign', token, file);

/**
 * @param {string} path
 * @param {string} token
 * @param {object} [body]
 */
async function ask(path, token, body) {
  const response = await fetch(`u/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    credentials: 'omit',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined);
  const json = await response?.json().catch(() => undefined);
  if (response?.ok && json) return json;
  const waitSeconds = Number(response?.headers.get('retry-after'));
  throw new ServiceError(kindOf(response?.status), waitSeconds, response?.status);
}

/** @param {number | undefined} status */
function kindOf(status = 500) {
  if (status === 403) return 'unknown';
  if (status === 429) return 'busy';
  return status === 408 || status >= 500 ? 'unreachable' : 'refused';
}
