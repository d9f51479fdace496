// Over 250 lines, and one thing: what may happen at each step of a history, rule by rule.
import type { ObjectCreated } from '@upload-once/queue';
import {
  ACCEPTED_PREFIX,
  type Item,
  isObservedVersionItem,
  isTallyItem,
  type ObservedVersionItem,
  type Report,
  type TallyItem,
  type UploadEvent,
  UploadEventType,
  type UploadItem,
} from '@upload-once/uploads';
import type { BucketChange } from '@upload-once/uploads/testing';
import { type Facts, isSameContent, type KeyFacts, observedName, tallyOf } from './facts.ts';
import { createLeaseRules } from './lease-rules.ts';
import { createMessageRules } from './message-rules.ts';
import { type Must, PromiseBroken } from './promise-broken.ts';
import type { Caller } from './simulation/network.ts';
import type { VirtualTime } from './simulation/virtual-time.ts';

const OBSERVED_VERSION_METRICS = [
  'DuplicateUploads',
  'IdenticalDuplicates',
  'RevokedUploads',
  'StoredBeforeRevocation',
  'OrphanObjects',
];

/**
 * The reference model: it observes everything that happens, knows what may happen, and keeps what happened in the facts. It
 * knows the promises, not how the services keep them.
 */
export function createRules(
  facts: Facts,
  time: VirtualTime,
  actor: () => Caller | undefined,
  isOvertaken: () => boolean,
  keptDuplicates: number,
) {
  const broken: PromiseBroken[] = [];
  let takenCopies = 0;

  const must: Must = (holds, promise, what) => {
    if (!holds) broken.push(new PromiseBroken(promise, what));
  };

  const leases = createLeaseRules(must, time, actor);
  const messages = createMessageRules(must, facts, time, leases.isTakenOver);

  function uploadWritten(key: KeyFacts, item: UploadItem): void {
    const was = key.item;
    key.item = item;
    if (!was) return;
    if (item.state === was.state) {
      if (item.attempt === was.attempt) leases.leaseChanges(key, was, item);
      else leases.attemptBegins(key, was, item);
      return;
    }
    must(
      !was.acceptedVersionId || was.acceptedVersionId === item.acceptedVersionId,
      'P1',
      `${key.key}: ${was.acceptedVersionId} was accepted, now ${item.acceptedVersionId}`,
    );
    must(
      !was.versionId || was.versionId === item.versionId,
      'P1',
      `${key.key}: ${was.versionId} was claimed, now ${item.versionId}`,
    );
    must(was.state !== 'REVOKED', 'P5', `${key.key}: it was revoked, now it is ${item.state}`);
    must(
      item.state !== 'REVOKED' || was.state === 'ISSUED',
      'P3',
      `${key.key}: it was ${was.state}, now it is revoked`,
    );
    must(
      was.state !== 'PROCESSED',
      'P3',
      `${key.key}: its processing had finished, now it is ${item.state} again`,
    );
    if (item.state === 'CLAIMED') {
      key.claimedAtMs = time.monotonicMs();
      const oldest = key.versions[0]?.versionId;
      must(
        item.versionId === oldest,
        'P1',
        `${key.key}: ${item.versionId} is claimed, ${oldest} is the oldest`,
      );
    }
    if (item.state === 'ACCEPTED') mustBeTheUpload(key, item);
    if (item.state === 'PROCESSING') leases.attemptBegins(key, was, item);
    if (item.state === 'PROCESSED' || item.state === 'FAILED') leases.attemptEnds(key, item);
  }

  /** What is recorded as accepted was copied from the claimed version, or can't be distinguished from such a copy. */
  function mustBeTheUpload(key: KeyFacts, { acceptedVersionId = '' }: UploadItem): void {
    const foreign = key.everForeign.get(acceptedVersionId);
    const [upload] = key.versions;
    const isIt = foreign
      ? upload !== undefined && isSameContent(foreign, upload)
      : key.copies.has(acceptedVersionId);
    must(isIt, 'P2', `${key.key}: ${acceptedVersionId} is accepted, which is no copy of the upload`);
    // The acceptor looks for such a record after its claim.
    const orphanAtMs = key.observedVersions.get(`orphan#${acceptedVersionId}`)?.recordedAtMs;
    must(
      orphanAtMs === undefined || orphanAtMs >= key.claimedAtMs,
      'P4',
      `${key.key}: ${acceptedVersionId} is accepted, which was on record as an orphan before the claim`,
    );
  }

  function observedVersionWritten(key: KeyFacts, item: ObservedVersionItem): void {
    const {
      recordedAtMs = time.monotonicMs(),
      isOfAccepted = item.versionId === key.item?.acceptedVersionId,
      reportedAtMs,
    } = key.observedVersions.get(item.item) ?? {};
    key.observedVersions.set(item.item, {
      item,
      recordedAtMs,
      isOfAccepted,
      reportedAtMs: reportedAtMs ?? (item.reported ? time.monotonicMs() : undefined),
    });
  }

  function tallyWritten(key: KeyFacts, item: TallyItem): void {
    const was = key.tallies.get(item.item);
    key.tallies.set(item.item, item);
    if (!isOvertaken()) key.confirmedSurplus.set(item.item, item.surplus ?? 0);
    const kept = item.kept?.size ?? 0;
    must(
      kept <= keptDuplicates,
      'P4',
      `${key.key}: ${kept} versions are kept, not ${keptDuplicates} at most`,
    );
    const isClosed = (was?.surplus ?? 0) > 0;
    must(
      !isClosed || kept === (was?.kept?.size ?? 0),
      'P4',
      `${key.key}: a version is kept after others were counted as surplus`,
    );
    must(
      (item.surplusReported ?? 0) >= (was?.surplusReported ?? 0) &&
        (item.surplus ?? 0) >= (was?.surplus ?? 0),
      'P4',
      `${key.key}: its count went back`,
    );
  }

  function acceptedChanged(key: KeyFacts, { what, version: { versionId } }: BucketChange): void {
    if (what === 'stored') {
      must(
        key.onTop === undefined || actor() === undefined,
        'P2',
        `${key.key}: ${versionId} was put over ${key.onTop} under accepted/`,
      );
      key.onTop = versionId;
      if (actor() !== undefined) key.copies.add(versionId);
      return;
    }
    if (key.onTop === versionId) key.onTop = undefined;
    key.foreign.delete(versionId);
    must(
      actor() === undefined,
      'P3',
      `${key.key}: ${actor()?.process.name} removed ${versionId}, which lay under accepted/`,
    );
  }

  /** Removed as one beyond those that are kept: only with all places taken, and never what is or may be the upload. */
  function isSurplus(key: KeyFacts, versionId: string): boolean {
    const staying =
      key.issued && key.item?.state !== 'REVOKED' ? key.item?.versionId : key.versions[0]?.versionId;
    const { kept } = tallyOf(key, key.key) ?? {};
    const isFull = (kept?.size ?? 0) >= keptDuplicates && !kept?.has(versionId);
    return (
      isFull &&
      staying !== undefined &&
      staying !== versionId &&
      !key.observedVersions.has(observedName(key, key.key, versionId))
    );
  }

  /** When no URL of an upload works any more. */
  function lastUrlOf({ issued, claimedAtMs }: KeyFacts): number {
    const { expiresAtMs = 0, signatureSeconds } = issued ?? {};
    return signatureSeconds === undefined ? expiresAtMs : claimedAtMs + signatureSeconds * 1000;
  }

  function uploadRemoved(key: KeyFacts, versionId: string): void {
    const { item, issued } = key;
    if (versionId !== item?.versionId && isSurplus(key, versionId)) {
      key.removed.add(versionId);
      return;
    }
    must(
      versionId === item?.versionId && issued !== undefined,
      'P4',
      `${key.key}: ${versionId} was removed, which is no upload`,
    );
    must(
      issued?.method === 'post' || time.monotonicMs() >= lastUrlOf(key),
      'P1',
      `${key.key}: ${versionId} was removed while its presigned PUT is valid`,
    );
    must(
      item?.acceptedVersionId !== undefined,
      'P3',
      `${key.key}: ${versionId} was removed before its copy was on record`,
    );
  }

  /**
   * The event that `caller` had in flight needs no more work. Its version must be on record, and the claimed version must be accepted,
   * because another event may never come.
   */
  function acceptorIsDone(key: KeyFacts, event: ObjectCreated, caller: Caller): void {
    const claimed = key.item?.versionId;
    if (claimed !== undefined) {
      must(
        key.item?.acceptedVersionId !== undefined,
        'P3',
        `${key.key}: acknowledged by ${caller.process.name} while it is ${key.item?.state}`,
      );
    }
    if (event.versionId === claimed) return;
    const name = observedName(key, event.key, event.versionId);
    const isCounted = key.removed.has(event.versionId) && (tallyOf(key, event.key)?.surplus ?? 0) > 0;
    must(
      key.observedVersions.has(name) || isCounted,
      'P4',
      `${key.key}: acknowledged without a record of ${name}`,
    );
  }

  function processorIsDone(key: KeyFacts, event: ObjectCreated): void {
    const { item } = key;
    if (event.versionId === item?.acceptedVersionId) {
      must(item.state === 'PROCESSED', 'P3', `${key.key}: acknowledged while it is ${item.state}`);
      must(
        key.webhookEvents.has(UploadEventType.processed),
        'P3',
        `${key.key}: acknowledged before the queue of webhooks has its event`,
      );
      return;
    }
    const isCounted = (tallyOf(key, event.key)?.surplus ?? 0) > 0;
    const isKnown = key.observedVersions.has(`orphan#${event.versionId}`) || isCounted;
    must(isKnown, 'P4', `${event.key}: acknowledged without a record`);
  }

  return {
    /** The first promise that was broken. */
    get broken() {
      return broken[0];
    },
    must,
    /** How often what is rare has happened. */
    get seen() {
      return { ...leases.seen, takenCopies };
    },

    brokenOff: leases.brokenOff,
    handlerBegins: leases.handlerBegins,
    takenInFlight: messages.takenInFlight,
    isGivenAgain: messages.isGivenAgain,
    deadLettered: messages.deadLettered,
    sqsResponded: messages.sqsResponded,

    copyWasTaken(): void {
      takenCopies += 1;
    },

    tableWritten(item: Item): void {
      const key = facts.of(item.FullFilename);
      if ('state' in item) uploadWritten(key, item);
      else if (isTallyItem(item)) tallyWritten(key, item);
      else if (isObservedVersionItem(item)) observedVersionWritten(key, item);
    },

    /** Every reader has it: its subject must be on record before. */
    reportSent(report: Report): void {
      if (!('observedVersion' in report)) {
        const { surplus = 0 } = facts.of(report.key).tallies.get(`tally#${report.kind}`) ?? {};
        must(surplus >= report.count, 'P4', `${report.key}: ${report.count} reported, ${surplus} counted`);
        return;
      }
      const { key, kind, versionId } = report.observedVersion;
      must(
        facts.of(key).observedVersions.has(`${kind}#${versionId}`),
        'P4',
        `${key}: ${versionId} was reported and is not recorded`,
      );
    },

    /** The queue of webhooks has it: what it says must be so. */
    webhookEventSent({ type, key: uploadKey, acceptedVersionId, at, attempt }: UploadEvent): void {
      const key = facts.of(uploadKey);
      key.webhookEvents.add(type);
      const { item } = key;
      const by = actor();
      const [held] = [...key.holders].findLast(([, holder]) => holder === by) ?? [];
      const isSo =
        type === UploadEventType.processed
          ? item?.state === 'PROCESSED' && item.processedAt === at.toISOString()
          : held !== undefined && attempt === held && leases.hasFailed(key, held);
      must(
        isSo && item?.acceptedVersionId === acceptedVersionId,
        'P3',
        `${uploadKey}: ${type} of ${acceptedVersionId} was sent, and it is ${item?.state} with ${item?.acceptedVersionId}`,
      );
    },

    bucketChanged(change: BucketChange): void {
      const key = facts.all.get(change.key) ?? facts.of(change.key);
      if (change.key.startsWith(ACCEPTED_PREFIX)) {
        if (key.issued) acceptedChanged(key, change);
      } else if (change.what === 'removed' && actor() !== undefined) {
        uploadRemoved(key, change.version.versionId);
      }
    },

    isDone(caller: Caller, event: ObjectCreated): void {
      const key = facts.of(event.key);
      if (caller.process.service === 'acceptor') acceptorIsDone(key, event, caller);
      else processorIsDone(key, event);
    },

    counted(caller: Caller, event: ObjectCreated, name: string, value: number): void {
      const key = facts.of(event.key);
      const add = (what: string) => key.values.set(what, [...(key.values.get(what) ?? []), value]);
      add(name);
      if (!OBSERVED_VERSION_METRICS.includes(name)) return;
      add(`reports of ${event.versionId}`);
      const observedVersion = key.observedVersions.get(observedName(key, event.key, event.versionId));
      const isCounted = (tallyOf(key, event.key)?.surplus ?? 0) > 0;
      must(
        observedVersion !== undefined || isCounted,
        'P4',
        `${event.key}: ${event.versionId} was counted in ${name}, not recorded`,
      );
      const reportedAtMs = observedVersion?.reportedAtMs ?? Number.POSITIVE_INFINITY;
      must(
        caller.receivedAtMs <= reportedAtMs,
        'P4',
        `${event.key}: a redelivery of ${event.versionId} was counted in ${name} again`,
      );
    },
  };
}

export type Rules = ReturnType<typeof createRules>;
