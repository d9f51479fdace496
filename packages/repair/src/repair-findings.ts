import type { ObjectStore, UploadRecords } from '@upload-once/uploads';
import { type Finding, FindingKind, type MissingEvent, Pipeline } from './finding.ts';
import { keepItems } from './keep-items.ts';
import { reasonOf } from './reason-of.ts';

/** As many findings as one batch of messages holds. */
const BATCH_FINDINGS = 10;

export interface RepairedFinding {
  readonly finding: Finding;
  /** Its event is in the queue. */
  readonly sent: boolean;
  /** Why its event was not sent though it should have been; '' where it was, and where there is none that may be. */
  readonly failure: string;
  /** What its event lacks, which was sent all the same; '' where that is nothing. */
  readonly remark: string;
}

/**
 * Sends the events that findings lack, ten findings at a time, and gives each finding once its event is in the queue. Safe to be
 * repeated, broken off, and done while the services work: an event tells them to look at the state of the world, and what is done
 * already is not done again. A handler runs at least once anyway.
 *
 * Before an event is sent the deletion of its items is put off, as for a redrive: an item may be near its end, and a message that
 * outlives it would make a stray of its upload. What can't be kept longer is not sent.
 *
 * An upload that FAILED is left alone unless `retryFailed`: its message lies in the dead-letter queue, where a redrive has it.
 * A version without an upload, under either prefix, is left alone unless `recordStrays`: all that its event can do is to have it
 * recorded as a stray, and that it is one is only true if the audit was told the services' own `tombstoneSeconds`.
 * An event for an accepted object has the ETag that S3 gives for it now, at the price of one HeadObject; where that version
 * is not the current one (any more), or S3 does not say, the claimed version's.
 *
 * @param send puts events into their queues, and rejects unless all are there
 */
export async function* repairFindings(
  findings: AsyncIterable<Finding>,
  options: {
    readonly objects: Pick<ObjectStore, 'head'>;
    readonly records: Pick<UploadRecords, 'keepLonger'>;
    readonly send: (events: readonly MissingEvent[]) => Promise<void>;
    readonly retryFailed: boolean;
    readonly recordStrays: boolean;
  },
): AsyncIterable<RepairedFinding> {
  const { objects, records, send, retryFailed, recordStrays } = options;

  function maySend({ kind, state }: Finding): boolean {
    if (kind === FindingKind.failed) return retryFailed;
    // What is on record, and was not reported, is what it is on record as.
    return state !== undefined || kind === FindingKind.notReported || recordStrays;
  }

  async function withOwnETag({ kind, state }: Finding, event: MissingEvent) {
    const isByItem =
      event.pipeline === Pipeline.accepted && state !== undefined && kind !== FindingKind.notRecorded;
    if (!isByItem) return { event, remark: '' };
    try {
      const current = await objects.head(event.key);
      const isCurrent = current?.versionId === event.versionId;
      return { event: isCurrent ? { ...event, eTag: current.eTag } : event, remark: '' };
    } catch (error) {
      return { event, remark: `its object’s own ETag could not be read: ${reasonOf(error)}` };
    }
  }

  async function prepare(finding: Finding): Promise<RepairedFinding & { readonly event?: MissingEvent }> {
    if (!finding.event || !maySend(finding)) return { finding, sent: false, failure: '', remark: '' };
    const { event, remark } = await withOwnETag(finding, finding.event);
    try {
      await keepItems(records, event);
    } catch (error) {
      const failure = `its items could not be kept longer: ${reasonOf(error)}`;
      return { finding, sent: false, failure, remark: '' };
    }
    return { finding, sent: true, failure: '', remark, event };
  }

  for await (const batch of batchesOf(findings)) {
    const prepared = await Promise.all(batch.map(prepare));
    await send(prepared.flatMap(({ event }) => event ?? []));
    yield* prepared.map(({ event: _, ...repaired }) => repaired);
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
