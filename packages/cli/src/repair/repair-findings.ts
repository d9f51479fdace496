import { type ObjectStore, repairName, type UploadRecords } from '@upload-once/uploads';
import { type Finding, FindingKind, type MissingEvent, Pipeline } from './finding.ts';
import { keepItems } from './keep-items.ts';
import { reasonOf } from './reason-of.ts';
import type { SendEvents } from './send-events.ts';

/** As many findings as one batch of messages holds. */
const BATCH_FINDINGS = 10;

/** What a repair did about one finding. */
export const RepairOutcome = {
  /** Its event is in the queue. */
  sent: 'sent',
  /** SQS gave no response that shows whether its event is in the queue. To send it once more does no harm. */
  uncertain: 'uncertain',
  /** Its event should have been sent, and is not in the queue. */
  notSent: 'not-sent',
  /** A repair has sent its event before. */
  sentBefore: 'sent-before',
  /** Its message lies in the dead-letter queue. */
  deadLetter: 'dead-letter',
  /** It has no event, or none that may be sent without being asked for. */
  left: 'left',
} as const;
export type RepairOutcome = (typeof RepairOutcome)[keyof typeof RepairOutcome];

export interface RepairedFinding {
  readonly finding: Finding;
  readonly outcome: RepairOutcome;
  /** Why its event was not sent, or what is missing of it; '' where there is nothing to say. */
  readonly remark: string;
}

/** SQS refused events, or gave no response. */
class EventsNotSent extends Error {
  readonly code = 'EventsNotSent';
}

/**
 * Sends the events that findings lack, ten findings at a time, and gives each finding with what became of its event. Safe to be
 * repeated, broken off, and done while the services work: an event tells them to look at the state of the world, and what is done
 * already is not done again. A handler runs at least once anyway.
 *
 * An event that an earlier repair has sent is not sent again within the 14 days that its message can be somewhere, nor one whose message
 * lies in the dead-letter queue: while what it failed of lasts, each repair would leave one dead letter more. That it was sent is
 * recorded after SQS has confirmed it; a repair that is broken off in between sends it once more. An uncertain one is not recorded, and
 * with `again` an older record of it is removed: the next repair sends it again.
 *
 * Before an event is sent the deletion of its items is put off, as for a redrive: an item may be near its end, and a message that
 * outlives it would make an orphan of its upload. What can't be kept longer is not sent.
 *
 * An upload that FAILED is left alone unless `retryFailed`: its message lies in the dead-letter queue, where a redrive has it.
 * A version without an upload, under either prefix, is left alone unless `recordOrphans`: all that its event can do is to have it
 * recorded as an orphan, and that it is one is only true if the audit was given the services' own `recordRetentionSeconds`.
 * An event for an accepted object has the ETag that S3 gives for it now, at the price of one HeadObject; where that version
 * is not the current one (any more), or S3 does not say, the claimed version's.
 *
 * Requests, beside those of the audit, for F findings and E events: BatchGetItem F / 10 for earlier repairs (not with `again`) and one for
 * each event under `uploads/`, two under `accepted/`; UpdateItem E to record the repair, and one for each item that is kept longer (a write
 * unit for each KB of it); SendMessageBatch F / 10; HeadObject for each accepted object.
 *
 * @param again events are sent that were sent before as well, for a queue that was purged
 * @param deadLetters what the dead-letter queues hold, by `repairName`
 * @param onOutcome is called with each finding of ten before the first of them is yielded: the consumer can stop at any of them
 * @throws EventsNotSent behind the ten findings whose events SQS did not all accept; each finding says what is known of its event
 */
export async function* repairFindings(
  findings: AsyncIterable<Finding>,
  options: {
    readonly objects: Pick<ObjectStore, 'head'>;
    readonly records: Pick<UploadRecords, 'keepLonger' | 'repairs' | 'recordRepair' | 'forgetRepair'>;
    readonly send: SendEvents;
    readonly retryFailed: boolean;
    readonly recordOrphans: boolean;
    readonly again: boolean;
    readonly deadLetters: ReadonlySet<string>;
    readonly onOutcome?: (outcome: RepairOutcome) => void;
  },
): AsyncIterable<RepairedFinding> {
  const { objects, records, send, retryFailed, recordOrphans, again, deadLetters, onOutcome } = options;

  /** Why its event is not sent without being asked for; '': it is. */
  function needs({ kind, state }: Finding): string {
    if (kind === FindingKind.failed) return retryFailed ? '' : '--retry-failed';
    // What is on record, and was not reported, is what it is on record as.
    return state !== undefined || kind === FindingKind.notReported || recordOrphans ? '' : '--record-orphans';
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

  async function prepare(
    finding: Finding,
    sentBefore: ReadonlyMap<string, Date>,
  ): Promise<RepairedFinding & { readonly event?: MissingEvent }> {
    if (!finding.event) return { finding, outcome: RepairOutcome.left, remark: '' };
    const name = repairName(finding.event);
    if (deadLetters.has(name)) {
      const remark = 'left alone: its message lies in the dead-letter queue';
      return { finding, outcome: RepairOutcome.deadLetter, remark };
    }
    const option = needs(finding);
    if (option) return { finding, outcome: RepairOutcome.left, remark: `left alone without ${option}` };
    const sentAt = sentBefore.get(name);
    if (sentAt) {
      const remark = `left alone: an earlier repair sent its event at ${sentAt.toISOString()}`;
      return { finding, outcome: RepairOutcome.sentBefore, remark };
    }
    const { event, remark } = await withOwnETag(finding, finding.event);
    try {
      await keepItems(records, event);
    } catch (error) {
      const failure = `its items could not be kept longer: ${reasonOf(error)}`;
      return { finding, outcome: RepairOutcome.notSent, remark: failure };
    }
    return { finding, outcome: RepairOutcome.sent, remark, event };
  }

  async function record(repaired: RepairedFinding, event: MissingEvent): Promise<RepairedFinding> {
    try {
      await records.recordRepair(event);
      return repaired;
    } catch (error) {
      const lost = `that it was sent could not be recorded: ${reasonOf(error)}`;
      return { ...repaired, remark: [repaired.remark, lost].filter(Boolean).join('; ') };
    }
  }

  /** An older record would keep a later repair from sending what this one is not known to have sent. */
  async function forget(event: MissingEvent, reason: string): Promise<string> {
    try {
      await records.forgetRepair(event);
      return reason;
    } catch (error) {
      return `${reason}; its older record could not be removed: ${reasonOf(error)}`;
    }
  }

  for await (const batch of batchesOf(findings)) {
    const events = batch.flatMap(({ event }) => event ?? []);
    const sentBefore = again ? new Map<string, Date>() : await records.repairs(events);
    const prepared = await Promise.all(batch.map((finding) => prepare(finding, sentBefore)));
    const failed = await send(prepared.flatMap(({ event }) => event ?? []));
    // All are recorded before the first is yielded: the consumer can stop at any of them.
    const all = await Promise.all(
      prepared.map(async ({ event, ...repaired }) => {
        if (!event) return repaired;
        const failure = failed.get(event);
        if (!failure) return record(repaired, event);
        const outcome = failure.mayBeSent ? RepairOutcome.uncertain : RepairOutcome.notSent;
        const remark = again ? await forget(event, failure.reason) : failure.reason;
        return { ...repaired, outcome, remark };
      }),
    );
    for (const { outcome } of all) onOutcome?.(outcome);
    yield* all;
    const [first] = failed.values();
    if (first) {
      const verb = first.mayBeSent ? 'confirm' : 'take';
      throw new EventsNotSent(`${first.queueUrl} did not ${verb} every event: ${first.reason}`);
    }
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
