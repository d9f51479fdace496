import { deployment } from './deployment.ts';

/** Orders to local-aws: what S3 does with a call, or with an event, waits until the test says so. */
export async function order(path: string, body: object = {}): Promise<void> {
  const response = await fetch(`${deployment.controlUrl}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} responded with ${response.status}: ${await response.text()}`);
}

export interface HeldCall {
  readonly id: string;
  readonly operation: string;
  readonly key: string;
}

/** Resolves when at least one call of that operation under that key is being held back. */
export async function heldCalls(operation: string, keyPrefix: string): Promise<HeldCall[]> {
  const query = new URLSearchParams({ operation, keyPrefix, atLeast: '1' });
  const response = await fetch(`${deployment.controlUrl}/calls/held?${query}`);
  if (!response.ok) throw new Error(`held calls: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { held: HeldCall[] }).held;
}
