import {
  ACCEPTED_PREFIX,
  type ObjectVersion,
  type ObservedVersionItem,
  type TallyItem,
  type UploadEventType,
  type UploadItem,
  uploadKeyOfAccepted,
} from '@upload-once/uploads';
import type { Caller } from './simulation/network.ts';
import type { WorkerProcess } from './simulation/worker-process.ts';

/** What one run of the user's handler does after it has read the object. */
export interface HandlerPlan {
  readonly seconds: number;
  /** It blocks its thread for that long. */
  readonly blocks: boolean;
  /** It times out where a handler beside it has blocked the thread; otherwise it is done. */
  readonly outcome: 'done' | 'fails' | 'times out' | 'ends its thread' | 'takes the object away';
  /** What it makes of its signal. One that returns has not done its work. */
  readonly onSignal: 'rejects' | 'returns' | 'goes on';
}

export interface StoredVersion extends ObjectVersion {
  readonly bytes: Uint8Array;
  readonly attributes: { readonly contentType: string; readonly metadata: Readonly<Record<string, string>> };
}

/** Deaf: it runs, and does not listen to its signal. */
export type HandlerRun = 'running' | 'deaf' | 'done' | 'failed';

/** All that is known of one key from outside: what clients and users did to it, and what was written about it. */
export interface KeyFacts {
  readonly key: string;
  /** Undefined: no upload was issued; all under this key are orphans. */
  readonly issued:
    | {
        readonly method: 'post' | 'put';
        readonly expiresAtMs: number;
        /** For a link: how long each URL or form is good, which is signed only while the upload is ISSUED. */
        readonly signatureSeconds?: number;
      }
    | undefined;
  /** When the claim took effect. */
  claimedAtMs: number;
  /** What clients sent, in S3's own order. */
  readonly versions: StoredVersion[];
  /** The versions among them for which S3 never sends an event: an audit finds them, no service can. */
  readonly withoutEvent: Set<string>;
  /** The upload's item as the last write left it. */
  item: UploadItem | undefined;
  readonly observedVersions: Map<
    string,
    {
      readonly item: ObservedVersionItem;
      readonly recordedAtMs: number;
      /** A worker that stood still, or a call that was cut off, has recorded it after the acceptor had shown it to be the copy. */
      readonly isOfAccepted: boolean;
      reportedAtMs: number | undefined;
    }
  >;
  /** How many came of each kind, by the item's name. */
  readonly tallies: Map<string, TallyItem>;
  /** The surplus of each kind as the last write left it that was not overtaken by its client's own retry. */
  readonly confirmedSurplus: Map<string, number>;
  /** What another hand has removed for good under `uploads/`, before a claim. Its event makes another version the upload. */
  readonly removedByOthers: Set<string>;
  /** What is gone under `uploads/` beside the upload itself. */
  readonly removed: Set<string>;
  /** What the queue of webhooks has of it. */
  readonly webhookEvents: Set<UploadEventType>;
  /** What lies on top under `accepted/`. */
  onTop: string | undefined;
  /** What the services have copied to `accepted/`, also what is gone again. */
  readonly copies: Set<string>;
  /** What another hand has put under `accepted/`: backups that were restored, or objects that should not be there. */
  readonly foreign: Map<string, StoredVersion>;
  /** The same, with those that were removed since: an acceptor may have looked at one before. */
  readonly everForeign: Map<string, StoredVersion>;
  /** The user has removed or moved the accepted object. */
  isTaken: boolean;
  /** Who holds or held each attempt, and what its handler came to. */
  readonly holders: Map<number, Caller>;
  readonly runs: Map<number, HandlerRun>;
  /** When the last run of the handler began in each attempt. */
  readonly begunAtMs: Map<number, number>;
  /** What the handler was to do in each attempt, and the attempts in which it has failed itself. */
  readonly plans: Map<number, HandlerPlan>;
  readonly hasFailed: Set<number>;
  /** When the handler of an attempt had all bytes. */
  readonly openedAtMs: Map<number, number>;
  /** Those whose attempt left FAILED. */
  readonly failedBy: Set<WorkerProcess>;
  /** The attempts whose leases were given up. */
  readonly givenUp: Set<number>;
  /** A call about this key may have taken effect without a response to its worker. */
  wasResponseLost: boolean;
  /** A call about this key was made again by the client itself; another may have written in between. */
  wasRepeated: boolean;
  /** What the services wrote of each metric, and of each version's reports. */
  readonly values: Map<string, number[]>;
}

/** The facts of all keys of one history; a key under `accepted/` belongs to its upload, if there is one. */
export interface Facts {
  readonly all: ReadonlyMap<string, KeyFacts>;
  begin(key: string, issued: KeyFacts['issued']): KeyFacts;
  of(key: string): KeyFacts;
}

export function createFacts(): Facts {
  const all = new Map<string, KeyFacts>();

  return {
    all,
    begin(key, issued) {
      const facts: KeyFacts = {
        key,
        issued,
        claimedAtMs: Number.POSITIVE_INFINITY,
        versions: [],
        withoutEvent: new Set(),
        item: undefined,
        observedVersions: new Map(),
        tallies: new Map(),
        confirmedSurplus: new Map(),
        removedByOthers: new Set(),
        removed: new Set(),
        webhookEvents: new Set(),
        onTop: undefined,
        copies: new Set(),
        foreign: new Map(),
        everForeign: new Map(),
        isTaken: false,
        holders: new Map(),
        runs: new Map(),
        begunAtMs: new Map(),
        plans: new Map(),
        hasFailed: new Set(),
        openedAtMs: new Map(),
        failedBy: new Set(),
        givenUp: new Set(),
        wasResponseLost: false,
        wasRepeated: false,
        values: new Map(),
      };
      all.set(key, facts);
      return facts;
    },
    of(key) {
      const upload = key.startsWith(ACCEPTED_PREFIX) ? all.get(uploadKeyOfAccepted(key)) : undefined;
      const facts = upload ?? all.get(key);
      if (!facts) throw new Error(`no upload was begun under ${key}`);
      return facts;
    },
  };
}

/** What is to come of a key: the oldest version if it was issued and not revoked, else none. An event of any of them will do. */
export function theUpload(facts: KeyFacts): StoredVersion | undefined {
  const versionIds = [...facts.versions.map(({ versionId }) => versionId), ...facts.removedByOthers];
  const hasEvent = versionIds.some((versionId) => !facts.withoutEvent.has(versionId));
  return facts.issued && facts.item?.state !== 'REVOKED' && hasEvent ? facts.versions[0] : undefined;
}

/** What each version that is not the upload is to be recorded as. */
export function observedKind(facts: KeyFacts): 'orphan' | 'refused' | 'duplicate' {
  if (!facts.issued) return 'orphan';
  return facts.item?.state === 'REVOKED' ? 'refused' : 'duplicate';
}

export function observedName(facts: KeyFacts, key: string, versionId: string): string {
  return `${key.startsWith(ACCEPTED_PREFIX) ? 'orphan' : observedKind(facts)}#${versionId}`;
}

/** Whether one version has the other's bytes, and is described as it is. */
export function isSameContent(one: StoredVersion, other: StoredVersion): boolean {
  const [a, b] = [one.attributes, other.attributes];
  return (
    Buffer.compare(one.bytes, other.bytes) === 0 &&
    a.contentType === b.contentType &&
    a.metadata['of'] === b.metadata['of']
  );
}

export function tallyOf(facts: KeyFacts, key: string): TallyItem | undefined {
  return facts.tallies.get(`tally#${key.startsWith(ACCEPTED_PREFIX) ? 'orphan' : observedKind(facts)}`);
}
