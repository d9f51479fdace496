import { deployment } from './deployment.ts';

export interface PresignedPut {
  readonly key: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
}

/** Asks for the URL of one PUT of exactly so many bytes. */
export async function requestPut(
  sizeBytes: number,
  issuerUrl = deployment.issuerUrl,
  terms: Readonly<Record<string, unknown>> = {},
): Promise<PresignedPut> {
  const response = await fetch(`${issuerUrl}/v1/uploads`, {
    method: 'POST',
    headers: { 'x-api-key': deployment.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({ method: 'put', minBytes: sizeBytes, maxBytes: sizeBytes, ...terms }),
  });
  if (response.status !== 201) throw new Error(`no PUT: ${response.status} ${await response.text()}`);
  const { url, headers, expiresAt } = (await response.json()) as {
    url: string;
    headers: Record<string, string>;
    expiresAt: string;
  };
  return { key: keyIn(url), url, headers, expiresAt: new Date(expiresAt) };
}

/** A sharded key has more than the id behind `uploads/`. */
function keyIn(url: string): string {
  return decodeURIComponent(new URL(url).pathname.replace(/^.*?\/(?=uploads\/)/, ''));
}
