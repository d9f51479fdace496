import type { Sent } from '../broken-promises.ts';
import type { Lane, Scenario } from './scenario.ts';

/**
 * Uploads what a scenario says, up to where the events about it lie ready for the service that is killed: it hears of them with
 * `release`, all at once.
 */
export async function sendUploads(
  lane: Lane,
  { contents, isReversed = false }: Scenario,
): Promise<{ readonly sent: Sent; release(): Promise<void> }> {
  const { stack, outside, prefix } = lane;
  const { control } = stack.endpoints;
  await order(control, '/events/hold', { keyPrefix: prefix });
  const key = await outside.issue();
  const versions: { versionId: string; content: (typeof contents)[number] }[] = [];
  for (const content of contents) versions.push({ versionId: await outside.put(key, content), content });
  // Of all that is uploaded under one key one version is accepted.
  const atLeast = prefix === 'accepted/' ? 1 : contents.length;
  await fetch(`${control}/events/held?keyPrefix=${prefix}&atLeast=${atLeast}`);
  return {
    sent: { key, versions },
    release: () => order(control, '/events/release', { reversed: isReversed }),
  };
}

async function order(controlUrl: string, path: string, body: object): Promise<void> {
  const answer = await fetch(controlUrl + path, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
}
