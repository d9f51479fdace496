import { type DeliveryFacts, type ObjectCreated, parseS3Event, RetryLater } from '@upload-once/queue';
import {
  ACCEPTED_PREFIX,
  type BucketChange,
  type Item,
  type SightingItem,
  type UploadItem,
} from '@upload-once/uploads';
import { LeaseLost } from '../../services/processor/src/lease-keeper.ts';
import { HandlerTooSlow } from '../../services/processor/src/run-handler.ts';
import { type Facts, type KeyFacts, sightingName } from './facts.ts';
import { HandlerFails } from './handler-fails.ts';
import { PromiseBroken, type PromiseName } from './promise-broken.ts';
import type { Caller } from './simulation/network.ts';
import type { VirtualTime } from './simulation/virtual-time.ts';
import type { ServiceName, WorkerProcess } from './simulation/worker-process.ts';

/** Longer than a worker takes from its handler's end to the message's, unless a call of it is slow; then it is carried out. */
const LAST_STEPS_MS = 5_000;

/** Longer than an answer of SQS is on its way. */
const ON_ITS_WAY_MS = 1_000;

const SIGHTING_METRICS = ['DuplicateUploads', 'RevokedUploads', 'StrayObjects'];

/**
 * The reference model: it is told of everything that happens, knows what may happen, and keeps what happened in the facts. It
 * knows the promises, not how the services keep them.
 */
export function createRules(facts: Facts, time: VirtualTime, actor: () => Caller | undefined) {
  const broken: PromiseBroken[] = [];
  const seen = { takeovers: 0, failures: 0, takenCopies: 0 };
  /** The messages in hand that nobody has had before, and so nobody else can have touched. */
  const inHand = new Map<string, Caller>();

  const givenAgainAtMs = { acceptor: Number.NEGATIVE_INFINITY, processor: Number.NEGATIVE_INFINITY };

  /** What is on its way to a worker when it is given again counts as well. */
  const isGivenTwice = ({ process, receivedAtMs }: Caller) =>
    receivedAtMs <= givenAgainAtMs[process.service] + ON_ITS_WAY_MS;
  const isUnharmed = ({ process, receivedAtMs }: Caller) => process.isUnharmedSince(receivedAtMs);

  function must(holds: boolean, promise: PromiseName, what: string): void {
    if (!holds) broken.push(new PromiseBroken(promise, what));
  }

  function uploadWritten(key: KeyFacts, item: UploadItem): void {
    const was = key.item;
    key.item = item;
    if (!was) return;
    if (item.state === was.state) {
      if (item.attempt === was.attempt) leaseChanges(key, was, item);
      else attemptBegins(key, was, item);
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
      const oldest = key.versions[0]?.versionId;
      must(
        item.versionId === oldest,
        'P1',
        `${key.key}: ${item.versionId} is claimed, ${oldest} is the oldest`,
      );
    }
    if (item.state === 'PROCESSING') attemptBegins(key, was, item);
    if (item.state === 'PROCESSED' || item.state === 'FAILED') attemptEnds(key, item);
  }

  function attemptBegins(key: KeyFacts, was: UploadItem, item: UploadItem): void {
    const holder = actor();
    if (holder) key.holders.set(item.attempt, holder);
    if (was.state === 'PROCESSING' && !key.givenUp.has(was.attempt)) letsGoOf(key, was, item);
    const isHeld = was.state === 'PROCESSING' && Date.parse(was.leaseExpiresAt ?? '') > time.now().getTime();
    must(
      !isHeld,
      'P3',
      `${key.key}: attempt ${item.attempt} begins while ${was.attempt} holds a lease until ${was.leaseExpiresAt}`,
    );
    must(
      item.attempt === was.attempt + 1,
      'P3',
      `${key.key}: attempt ${item.attempt} comes after ${was.attempt}`,
    );
  }

  /**
   * A lease ends without being given up only where something befell its worker. Where that lives and is awake, it has told its
   * handler before, whatever became of its calls.
   */
  function letsGoOf(key: KeyFacts, was: UploadItem, item: UploadItem): void {
    seen.takeovers += 1;
    const before = key.holders.get(was.attempt);
    if (!before) return;
    const run = key.runs.get(was.attempt);
    const isAllowed =
      run === 'running'
        ? !before.process.isAwakeSince(before.receivedAtMs)
        : run !== 'deaf' || !isUnharmed(before);
    must(
      isAllowed,
      'P3',
      `${key.key}: attempt ${item.attempt} begins while the handler of ${was.attempt} runs in ${before.process.name}, which is alive and awake`,
    );
  }

  function isTakenOver({ item, holders }: KeyFacts, process: WorkerProcess): boolean {
    return item !== undefined && item.attempt > 0 && holders.get(item.attempt)?.process !== process;
  }

  /** A lease that was ended before its time was given up: its attempt never gets it back. */
  function leaseChanges(key: KeyFacts, was: UploadItem, { attempt, leaseExpiresAt = '' }: UploadItem): void {
    const before = was.leaseExpiresAt ?? '';
    if (leaseExpiresAt < before) key.givenUp.add(attempt);
    const isBack = leaseExpiresAt > before && key.givenUp.has(attempt);
    must(
      !isBack,
      'P3',
      `${key.key}: the lease that attempt ${attempt} gave up is back until ${leaseExpiresAt}`,
    );
  }

  function attemptEnds(key: KeyFacts, item: UploadItem): void {
    const by = actor();
    must(
      by !== undefined && key.holders.get(item.attempt) === by,
      'P3',
      `${key.key}: attempt ${item.attempt} became ${item.state} by ${by?.process.name}, who does not hold it`,
    );
    if (item.state === 'FAILED') {
      seen.failures += 1;
      if (by) key.failedBy.add(by.process);
    }
    if (item.state === 'PROCESSED') {
      const run = key.runs.get(item.attempt) ?? 'not begun';
      must(run === 'done', 'P3', `${key.key}: attempt ${item.attempt} is PROCESSED, its handler is ${run}`);
    }
  }

  function sightingWritten(key: KeyFacts, item: SightingItem): void {
    const reportedAtMs = key.sightings.get(item.item)?.reportedAtMs;
    key.sightings.set(item.item, {
      item,
      reportedAtMs: reportedAtMs ?? (item.reported ? time.nowMs() : undefined),
    });
  }

  function acceptedChanged(key: KeyFacts, { what, version: { versionId } }: BucketChange): void {
    if (what === 'stored') {
      must(
        key.onTop === undefined,
        'P2',
        `${key.key}: ${versionId} was put over ${key.onTop} under accepted/`,
      );
      key.onTop = versionId;
      key.acceptedVersions.add(versionId);
      return;
    }
    if (key.onTop === versionId) key.onTop = undefined;
    key.acceptedVersions.delete(versionId);
    must(
      actor() === undefined || key.item?.acceptedVersionId !== versionId,
      'P3',
      `${key.key}: ${actor()?.process.name} removed the accepted object ${versionId}`,
    );
  }

  function uploadRemoved(key: KeyFacts, versionId: string): void {
    const { item, issued } = key;
    must(
      versionId === item?.versionId && issued?.method === 'post',
      'P4',
      `${key.key}: ${versionId} was removed, which is no upload by a form`,
    );
    must(
      item?.acceptedVersionId !== undefined,
      'P3',
      `${key.key}: ${versionId} was removed before its copy was on record`,
    );
  }

  /**
   * The event that `caller` had in hand needs no more work: what it told of must be on record, and what was claimed be accepted,
   * for no other event may ever come.
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
    const name = sightingName(key, event.versionId);
    must(key.sightings.has(name), 'P4', `${key.key}: acknowledged without a record of ${name}`);
  }

  function processorIsDone(key: KeyFacts, event: ObjectCreated): void {
    const { item } = key;
    if (!key.issued) {
      must(
        key.sightings.has(`stray#${event.versionId}`),
        'P4',
        `${event.key}: acknowledged without a record`,
      );
    } else if (event.versionId === item?.acceptedVersionId) {
      must(item.state === 'PROCESSED', 'P3', `${key.key}: acknowledged while it is ${item.state}`);
    } else {
      must(!key.acceptedVersions.has(event.versionId), 'P2', `${key.key}: a second copy was left`);
    }
  }

  return {
    /** The first promise that was broken. */
    get broken() {
      return broken[0];
    },
    must,
    /** How often what is rare has happened. */
    get seen() {
      return { ...seen };
    },

    copyWasTaken(): void {
      seen.takenCopies += 1;
    },

    /** A message is handled from now until the given function is called. */
    takenInHand(process: WorkerProcess, { messageId, receiveCount }: DeliveryFacts): () => void {
      const name = `${process.service}'s ${messageId}`;
      const before = inHand.get(name);
      must(
        before === undefined || !isUnharmed(before) || isGivenTwice(before),
        'P3',
        `${name} is given to ${process.name} while ${before?.process.name} has it in hand, which nothing has befallen`,
      );
      const caller = { process, receivedAtMs: time.nowMs() };
      if (receiveCount === 1) inHand.set(name, caller);
      return () => {
        if (inHand.get(name) === caller) inHand.delete(name);
      };
    },

    /** SQS gives what is in flight once more: no worker can help that. */
    isGivenAgain(service: ServiceName): void {
      givenAgainAtMs[service] = time.nowMs();
    },

    /** The signal of a running handler was aborted. */
    brokenOff(key: KeyFacts, attempt: number, reason: unknown): void {
      const holder = key.holders.get(attempt);
      must(
        !(reason instanceof LeaseLost) || holder === undefined || !isUnharmed(holder),
        'P3',
        `${key.key}: ${holder?.process.name}, which nothing has befallen, loses the lease of attempt ${attempt}: ${reason}`,
      );
    },

    tableWritten(item: Item): void {
      const key = facts.of(item.FullFilename);
      if ('state' in item) uploadWritten(key, item);
      else sightingWritten(key, item);
    },

    bucketChanged(change: BucketChange): void {
      const key = facts.all.get(change.key) ?? facts.of(change.key);
      if (change.key.startsWith(ACCEPTED_PREFIX)) {
        if (key.issued) acceptedChanged(key, change);
      } else if (change.what === 'removed') {
        uploadRemoved(key, change.version.versionId);
      }
    },

    isDone(caller: Caller, event: ObjectCreated): void {
      const key = facts.of(event.key);
      if (caller.process.service === 'acceptor') acceptorIsDone(key, event, caller);
      else processorIsDone(key, event);
    },

    deadLettered(process: WorkerProcess, { messageId, body }: DeliveryFacts, error: unknown): void {
      const isHandlersFailure = error instanceof HandlerFails || error instanceof HandlerTooSlow;
      if (isHandlersFailure && process.isUnharmedSince(time.nowMs() - LAST_STEPS_MS)) {
        const keys = parseS3Event(body).map(({ key }) => facts.of(key));
        must(
          keys.some((key) => key.failedBy.has(process) || isTakenOver(key, process)),
          'P3',
          `${messageId} is left to the dead-letter queue by ${process.name} for ${error}, and no upload is FAILED`,
        );
      }
      must(
        !(error instanceof RetryLater),
        'P3',
        `${messageId} is left to the dead-letter queue by ${process.name}, though nothing has failed: ${error}`,
      );
    },

    metricWritten(caller: Caller, event: ObjectCreated, name: string, value: number): void {
      const key = facts.of(event.key);
      const add = (what: string) => key.values.set(what, [...(key.values.get(what) ?? []), value]);
      add(name);
      if (!SIGHTING_METRICS.includes(name)) return;
      add(`reports of ${event.versionId}`);
      const sighting = key.sightings.get(sightingName(key, event.versionId));
      must(
        sighting !== undefined,
        'P4',
        `${event.key}: ${event.versionId} was counted in ${name}, not recorded`,
      );
      const reportedAtMs = sighting?.reportedAtMs ?? Number.POSITIVE_INFINITY;
      must(
        caller.receivedAtMs <= reportedAtMs,
        'P4',
        `${event.key}: a redelivery of ${event.versionId} was counted in ${name} again`,
      );
    },
  };
}

export type Rules = ReturnType<typeof createRules>;
