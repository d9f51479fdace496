import type { Sent } from '../broken-promises.ts';
import { messagesOf, type Scenario, type Worker } from './scenario.ts';

/** What was uploaded, with its events in flight. */
export interface SentUploads {
  readonly sent: Sent;
  /** The service that is ended hears of it, all at once. */
  release(): Promise<void>;
  /** So does the other one, where it was to hear of nothing before. */
  releaseOthers(): Promise<void>;
}

/** Uploads what a scenario says, up to where the events about it lie ready for the service that is ended. */
export async function sendUploads(worker: Worker, scenario: Scenario): Promise<SentUploads> {
  const { contents, isReversed = false, isAlone = false, keptDuplicates } = scenario;
  const { stack, outside, prefix } = worker;
  const { control } = stack.endpoints;
  await order(control, '/events/hold', { keyPrefix: prefix });
  const key = await outside.issue();
  const versions: { versionId: string; content: (typeof contents)[number] }[] = [];
  for (const content of contents) versions.push({ versionId: await outside.put(key, content), content });
  const atLeast = messagesOf(worker, scenario);
  const response = await fetch(`${control}/events/held?keyPrefix=${prefix}&atLeast=${atLeast}`);
  const { held } = (await response.json()) as { held: { id: string }[] };
  const ids = held.map(({ id }) => id);
  return {
    sent: { key, versions, keptDuplicates },
    async release() {
      if (isAlone) await order(control, '/events/hold', { keyPrefix: 'accepted/' });
      await order(control, '/events/send', { ids: isReversed ? ids.toReversed() : ids });
      if (!isAlone) await order(control, '/events/release', {});
    },
    releaseOthers: () => order(control, '/events/release', {}),
  };
}

async function order(controlUrl: string, path: string, body: object): Promise<void> {
  const response = await fetch(controlUrl + path, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} responded with ${response.status}: ${await response.text()}`);
}
