import { memoryIssuer } from './memory-issuer.ts';
import type { OpenApi } from './open-api.ts';

/** The API as clients of the last release know it: `make docs` never touches it, a release replaces it. */
export const RELEASED = new URL('../../docs/openapi-released.json', import.meta.url);
/** The API as it is now. */
export const CURRENT = new URL('../../docs/openapi.json', import.meta.url);

/** What a url-issuer without a path prefix serves at /openapi.json. */
export async function servedDocument(): Promise<OpenApi> {
  const { app } = await memoryIssuer({ apiKey: 'none', now: () => new Date(0) });
  try {
    return (await app.inject({ method: 'GET', url: '/openapi.json' })).json();
  } finally {
    await app.close();
  }
}

/** As it is committed: one value a line, so that a change shows as what it is. */
export function asCommitted(document: OpenApi): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
