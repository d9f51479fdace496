import type { ObjectStore } from '@upload-once/uploads';
import { type Finding, FindingKind, type MissingEvent, Pipeline } from './finding.ts';

/** As many findings as one batch of messages holds. */
const BATCH_FINDINGS = 10;

export interface RepairedFinding {
  readonly finding: Finding;
  /** Its event is in the queue. False: there is none that may be sent. */
  readonly sent: boolean;
}

/**
 * Sends the events that findings lack, ten findings at a time, and gives each finding once its event is in the queue. Safe to be
 * repeated, broken off, and done while the services work: an event tells them to look at the state of the world, and what is done
 * already is not done again. A handler runs at least once anyway.
 *
 * An upload that FAILED is left alone unless `retryFailed`: its message lies in the dead-letter queue, where a redrive has it.
 * An event for an accepted object has the ETag that S3 gives for it now, at the price of one HeadObject; where that version
 * is not the current one (any more), the claimed version's.
 *
 * @param send puts events into their queues, and rejects unless all are there
 */
export async function* repairFindings(
  findings: AsyncIterable<Finding>,
  options: {
    readonly objects: Pick<ObjectStore, 'head'>;
    readonly send: (events: readonly MissingEvent[]) => Promise<void>;
    readonly retryFailed: boolean;
  },
): AsyncIterable<RepairedFinding> {
  const { objects, send, retryFailed } = options;

  async function eventFor(finding: Finding): Promise<MissingEvent | undefined> {
    const { kind, event, state } = finding;
    if (!event || (kind === FindingKind.failed && !retryFailed)) return undefined;
    const isByItem =
      event.pipeline === Pipeline.accepted && state !== undefined && kind !== FindingKind.notRecorded;
    const current = isByItem ? await objects.head(event.key) : undefined;
    return current?.versionId === event.versionId ? { ...event, ...current } : event;
  }

  for await (const batch of batchesOf(findings)) {
    const events = await Promise.all(batch.map(eventFor));
    await send(events.filter((event) => event !== undefined));
    yield* batch.map((finding, at) => ({ finding, sent: events[at] !== undefined }));
  }
}

async function* batchesOf(findings: AsyncIterable<Finding>): AsyncIterable<Finding[]> {
  let batch: Finding[] = [];
  for await (const finding of findings) {
    batch.push(finding);
    if (batch.length < BATCH_FINDINGS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
