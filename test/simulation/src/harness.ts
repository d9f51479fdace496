// Over 250 lines, and one thing: the whole system of one history, put together on one virtual clock.
import type { Consumer } from '@upload-once/queue';
import { acceptedKeyOf, UPLOADS_PREFIX, UploadState } from '@upload-once/uploads';
import {
  createMemoryObjectStore,
  createMemoryReports,
  createMemoryUploadEvents,
  createMemoryUploadStore,
} from '@upload-once/uploads/testing';
import { createFacts, type KeyFacts } from './facts.ts';
import { createRules } from './rules.ts';
import { AT_ONCE, createBucketEvents, type EventPlan } from './simulation/bucket-events.ts';
import { BucketRules } from './simulation/bucket-rules.ts';
import { createOutcomePlan } from './simulation/call-outcome.ts';
import { createFakeQueue } from './simulation/fake-queue.ts';
import { createNetwork } from './simulation/network.ts';
import { createRandom } from './simulation/random.ts';
import { createVirtualTime } from './simulation/virtual-time.ts';
import { createWorkerProcess, type ServiceName, type WorkerProcess } from './simulation/worker-process.ts';
import { createUser } from './user-handler.ts';
import { startWorker } from './workers.ts';

/** As of the page of a link. */
const SIGNATURE_SECONDS = 60;
/** The latest `beginsAfterMs` of a plan. */
export const LATEST_BEGIN_MS = 300;
const RESTART_SECONDS = 5;
const DRAIN_SECONDS = 25;

export interface HarnessOptions {
  /** Of the latencies, and of what SQS is free to choose. */
  readonly seed: number;
  readonly maxReceiveCount: number;
  readonly workersOfEach: number;
  /** The services' KEPT_DUPLICATES. */
  readonly keptDuplicates: number;
  readonly bucketRules: BucketRules;
}

export interface VersionPlan {
  readonly beginsAfterMs: number;
  readonly takesMs: number;
  readonly sizeBytes: number;
  /** Another principal's form, under the key of a presigned PUT. */
  readonly isOthersForm: boolean;
  /** Undefined: S3's event of it is lost for good. */
  readonly event: EventPlan | undefined;
}

/** What another hand puts under `accepted/`. */
export interface PlantPlan {
  readonly content: 'same' | 'other';
  readonly madeBy: 'Copy' | 'Put';
  readonly event: EventPlan;
}

/** A user who takes the next copy away so soon after it was made. */
export interface Taker {
  readonly afterMs: number;
  readonly forGood: boolean;
}

/** Everything that there is: clients, a bucket, a table, two queues, and the services' own code in processes. */
export function createHarness(options: HarnessOptions) {
  const { seed, maxReceiveCount, workersOfEach, keptDuplicates, bucketRules } = options;
  const random = createRandom(seed);
  const facts = createFacts();
  const time = createVirtualTime(() => {
    if (rules.broken) throw rules.broken;
  });
  const outcomes = createOutcomePlan();
  const network = createNetwork({
    time,
    random,
    outcomes,
    onResponseLost({ key }) {
      const about = facts.all.get(key);
      if (about) about.wasResponseLost = true;
    },
    // If the client repeated a write, only the read after it can show which worker wrote.
    onNotDone({ key }) {
      const about = facts.all.get(key);
      if (about?.wasRepeated) about.wasResponseLost = true;
    },
    onRepeated({ key }) {
      const about = facts.all.get(key);
      if (about) about.wasRepeated = true;
    },
  });
  const rules = createRules(
    facts,
    time,
    () => network.actor,
    () => network.isOvertaken,
    keptDuplicates,
  );
  let serial = 0;
  let strikes = 0;
  const unique = (what: string) => `${what}-${++serial}`;

  const queues = {
    acceptor: createFakeQueue({ time, random, maxReceiveCount }),
    processor: createFakeQueue({ time, random, maxReceiveCount }),
  };
  const sendUploadEvent = createBucketEvents(time, queues.acceptor);
  const sendCopyEvent = createBucketEvents(time, queues.processor);
  const copyEvents: EventPlan[] = [];
  const takers: Taker[] = [];
  const uploads = createMemoryUploadStore({
    now: time.now,
    newToken: () => unique('token'),
    recordRetentionSeconds: 60,
    stream: (item) => rules.tableWritten(item),
  });
  const objects = createMemoryObjectStore({
    now: time.now,
    notify(change) {
      rules.bucketChanged(change);
      if (change.what !== 'stored' || network.actor === undefined) return;
      sendCopyEvent(change.key, change.version, 'ObjectCreated:Copy', copyEvents.shift() ?? AT_ONCE);
      const taker = takers.shift();
      if (taker) time.after(taker.afterMs, () => void user.take(change.key, taker.forGood));
    },
  });
  const reports = createMemoryReports({ notify: (report) => rules.reportSent(report) });
  const webhookEvents = createMemoryUploadEvents({ notify: (event) => rules.webhookEventSent(event) });
  const user = createUser(
    facts,
    rules,
    () => objects,
    () => time.monotonicMs(),
  );

  const fleet: { process: WorkerProcess; consumer: Pick<Consumer, 'stop'> }[] = [];
  function start(service: ServiceName): void {
    const process = createWorkerProcess(service, unique(service), time, () => {
      fleet.splice(
        fleet.findIndex((worker) => worker.process === process),
        1,
      );
      time.after(RESTART_SECONDS * 1000, () => {
        if (fleet.filter((worker) => worker.process.service === service).length < workersOfEach)
          start(service);
      });
    });
    const consumer = startWorker(process, {
      time,
      random,
      network,
      rules,
      uploads,
      objects,
      reports,
      webhookEvents,
      keptDuplicates,
      bucketRules,
      queues,
      handlerIn: user.handlerIn,
      newLeaseOwner: () => unique('owner'),
    });
    fleet.push({ process, consumer });
  }
  /** The successor starts at once, the old one drains and ends. */
  function replace(process: WorkerProcess, consumer: Pick<Consumer, 'stop'>): void {
    start(process.service);
    process.enter(() => void consumer.stop(DRAIN_SECONDS).then(() => process.die()));
  }

  for (let count = 0; count < workersOfEach; count += 1) {
    start('acceptor');
    start('processor');
  }

  function store(
    key: string,
    { sizeBytes, event: plan }: Pick<VersionPlan, 'sizeBytes' | 'event'>,
    by: 'Post' | 'Put' = 'Post',
    sendEvent = sendUploadEvent,
  ): void {
    const of = unique('content');
    const bytes = Buffer.alloc(sizeBytes, of);
    const attributes = { contentType: `text/${of}`, metadata: { of } };
    const needsPlace = by === 'Put' && bucketRules !== BucketRules.unconditional;
    const version = needsPlace
      ? objects.putIfAbsent(key, bytes, attributes)
      : objects.put(key, bytes, attributes);
    if (!version) return;
    const { versions, withoutEvent } = facts.of(key);
    versions.push({ ...version, bytes, attributes });
    if (plan) sendEvent(key, version, `ObjectCreated:${by}`, plan);
    else withoutEvent.add(version.versionId);
  }

  return {
    time,
    facts,
    rules,
    outcomes,
    queues,
    uploads,
    objects,
    reports,
    keptDuplicates,
    copyEvents,
    takers,
    handlerPlans: user.plans,

    /** Gives the key of a new form, or of a link that lives so long. */
    async issue(method: 'post' | 'put', formSeconds: number, isLink = false): Promise<string> {
      const key = `${UPLOADS_PREFIX}${unique('file')}`;
      const expiresAtMs = time.monotonicMs() + formSeconds * 1000;
      const ofLink = isLink && { signatureSeconds: SIGNATURE_SECONDS };
      facts.begin(key, { method, expiresAtMs, ...ofLink });
      await uploads.issued.record({
        key,
        apiKeyId: 'key',
        issuedAt: time.now(),
        expiresAt: new Date(time.now().getTime() + formSeconds * 1000),
        constraints: { method, minBytes: 0, maxBytes: 100 },
        metadata: {},
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        ...ofLink,
      });
      return key;
    },

    /**
     * S3 judges the form when a request begins, and stores the version when it ends. That of a link is signed now, only while the upload is
     * ISSUED, and its request begins at any time of the signature's life.
     */
    upload(key: string, plan: VersionPlan): void {
      const { issued, item } = facts.of(key);
      const { method, expiresAtMs = 0, signatureSeconds = 0 } = issued ?? {};
      const isOfLink = signatureSeconds > 0;
      if (isOfLink && item && item.state !== UploadState.issued) return;
      const by = method === 'put' && !plan.isOthersForm ? 'Put' : 'Post';
      const stretch = isOfLink ? (signatureSeconds * 1000) / (LATEST_BEGIN_MS + 1) : 1;
      time.after(Math.floor(plan.beginsAfterMs * stretch), () => {
        if (time.monotonicMs() >= expiresAtMs) return;
        time.after(plan.takesMs, () => store(key, plan, by));
      });
    },

    /**
     * Another hand covers what lies on top under an upload's key by a delete marker, or removes the oldest version for good, before it
     * was claimed. Where uploads are protected S3 refuses both.
     */
    async clear(key: string, forGood: boolean): Promise<void> {
      if (bucketRules === BucketRules.protected) return;
      const about = facts.of(key);
      const [oldest] = about.versions;
      if (!oldest) return;
      if (!forGood) return objects.putDeleteMarker(key);
      about.versions.shift();
      about.removedByOthers.add(oldest.versionId);
      about.removed.add(oldest.versionId);
      await objects.deleteVersion(key, oldest.versionId);
    },

    revoke(key: string, afterMs: number): void {
      time.after(afterMs, () => void uploads.revoke(key));
    },

    /** Stores this many versions of an object without an issued form. */
    orphan(prefix: string, versions: number, plan: EventPlan): void {
      const key = `${prefix}${unique('orphan')}`;
      facts.begin(key, undefined);
      for (let count = 0; count < versions; count += 1)
        store(
          key,
          { sizeBytes: 1, event: plan },
          'Post',
          prefix === UPLOADS_PREFIX ? sendUploadEvent : sendCopyEvent,
        );
    },

    /**
     * Another hand puts something under accepted/: a backup that is restored, or an object that should not be there. `same`: what the
     * first upload is, where there is one by now.
     */
    plant(key: string, plan: PlantPlan): void {
      const about = facts.of(key);
      const acceptedKey = acceptedKeyOf(key);
      const [upload] = about.versions;
      const isSame = plan.content === 'same' && upload !== undefined;
      const bytes = isSame ? upload.bytes : Buffer.alloc(upload?.sizeBytes ?? 1, unique('other'));
      const attributes = upload?.attributes ?? { contentType: 'text/plain', metadata: { of: 'no client' } };
      const version = objects.put(acceptedKey, bytes, attributes);
      const foreign = { ...version, bytes, attributes };
      about.foreign.set(version.versionId, foreign);
      about.everForeign.set(version.versionId, foreign);
      sendCopyEvent(acceptedKey, version, `ObjectCreated:${plan.madeBy}`, plan.event);
    },

    /**
     * An operator takes away what another hand has put in the copies' places, as docs/operations.md says: of uploads that were claimed.
     * @returns whether there was any
     */
    async clearWays(): Promise<boolean> {
      let hasCleared = false;
      for (const key of facts.all.keys()) {
        const { foreign, item } = facts.of(key);
        while (item?.state === 'CLAIMED') {
          const there = await objects.head(acceptedKeyOf(key));
          if (!there || !foreign.has(there.versionId)) break;
          await objects.deleteVersion(acceptedKeyOf(key), there.versionId);
          hasCleared = true;
        }
      }
      return hasCleared;
    },

    /** A restore that keeps the key: the object copied onto itself, or a backup of it put there, and the old version deleted for good. */
    async replace(key: string, plan: PlantPlan): Promise<void> {
      const there = await objects.head(acceptedKeyOf(key));
      if (!there) return;
      this.plant(key, plan);
      facts.of(key).isTaken = true;
      await objects.deleteVersion(acceptedKeyOf(key), there.versionId);
    },

    giveAgain(service: ServiceName): void {
      rules.isGivenAgain(service);
      queues[service].giveAgain();
    },

    take: (key: string, forGood: boolean) => user.take(acceptedKeyOf(key), forGood),

    /** What befalls one worker between its calls. */
    strike(index: number, what: 'crash' | 'freeze' | 'deploy', seconds: number): void {
      const worker = fleet[index % Math.max(1, fleet.length)];
      if (!worker) return;
      strikes += 1;
      const { process, consumer } = worker;
      process.meetFault();
      if (what === 'crash') process.die();
      if (what === 'freeze') process.freeze(seconds);
      if (what === 'deploy') replace(process, consumer);
    },

    /** Deploys all workers of a service. */
    deploy(service: ServiceName): void {
      const old = fleet.filter(({ process }) => process.service === service);
      for (const { process, consumer } of old) replace(process, consumer);
    },

    tally(): Tally {
      const keys = [...facts.all.values()];
      const count = (of: (key: KeyFacts) => number) => keys.reduce((sum, key) => sum + of(key), 0);
      return {
        forms: count(({ issued }) => (issued ? 1 : 0)),
        versions: count(({ versions }) => versions.length),
        processed: count(({ item }) => (item?.state === 'PROCESSED' ? 1 : 0)),
        keptApart: count(({ observedVersions }) => observedVersions.size),
        surplus: count(({ tallies }) =>
          [...tallies.values()].reduce((sum, { surplus = 0 }) => sum + surplus, 0),
        ),
        planted: count(({ foreign }) => foreign.size),
        handlerRuns: count(({ runs }) => runs.size),
        webhookEvents: webhookEvents.sent.length,
        faults: outcomes.metCount + strikes,
        ...rules.seen,
      };
    },
  };
}

/** What a history was made of. */
export interface Tally {
  readonly forms: number;
  readonly versions: number;
  readonly processed: number;
  /** Duplicates, refused versions and orphans. */
  readonly keptApart: number;
  /** Versions beyond those that are kept, as they were counted. */
  readonly surplus: number;
  /** What another hand has put under `accepted/`, and is there still. */
  readonly planted: number;
  readonly handlerRuns: number;
  /** What was sent to the queue of webhooks, again included. */
  readonly webhookEvents: number;
  /** Calls that met a outcome, workers that crashed, froze or were deployed in between. */
  readonly faults: number;
  /** Attempts that were begun because the one before had let its lease run out. */
  readonly takeovers: number;
  /** Attempts that left FAILED. */
  readonly failures: number;
  /** Copies that were there already when they were to be made, and gone when they were looked for. */
  readonly takenCopies: number;
}

export type Harness = ReturnType<typeof createHarness>;
