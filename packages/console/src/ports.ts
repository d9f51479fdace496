import type { ObservedVersion, Tally, Upload } from '@upload-once/uploads';
import type { HourMetrics } from './hour-metrics.ts';

/** Takes lines of the services' logs, in the order in which a source has them. A line can come twice, and before an earlier one. */
export type OnLines = (lines: readonly string[]) => void;

/** What a log that is followed leaves out. */
export interface FollowGaps {
  /** Not all lines before these were read. They are the first ones that were, of one file. */
  readonly onCut: (after: readonly string[]) => void;
  /** The source leaves out lines at the moment: there are too many a second. */
  readonly onSampled: () => void;
  /** A part of the log cannot be read, in words for a person. The rest is followed. It can be told again and again. */
  readonly onUnread: (problem: string) => void;
}

export interface LoadedLines {
  readonly isCut: boolean;
  /** Where it is cut: from then on all lines were read. */
  readonly completeSince?: Date;
}

/** Where the console reads log lines. */
export interface LogSource {
  /** For a person: where the lines come from. */
  readonly name: string;
  /** It is followed from the start, because that costs nothing; otherwise only when the user asks. */
  readonly isFree: boolean;
  /** For a person: what it costs to follow it. */
  readonly followNote?: string;
  /**
   * Reads the lines of the last minutes; absent: `follow` begins with them.
   * @returns whether there were more than are read at once
   */
  readonly load?: (minutes: number, onLines: OnLines, signal: AbortSignal) => Promise<LoadedLines>;
  /** Resolves when the signal is aborted, or the source ends the session. */
  readonly follow: (onLines: OnLines, signal: AbortSignal, gaps: FollowGaps) => Promise<void>;
}

/** The metrics of the last hour. */
export interface MetricSource {
  readonly name: string;
  /** How often it is worth asking, and no more than it may cost. */
  readonly refreshSeconds: number;
  readonly lastHour: () => Promise<HourMetrics>;
}

/** One span of a trace. */
export interface Span {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
  /** Epoch milliseconds, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly isError: boolean;
  /** Names and values as text. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The ids of the traces that it is linked to. */
  readonly links: readonly string[];
}

export interface TraceSource {
  readonly name: string;
  /** None: the source has no such trace. @param traceId 32 hexadecimal digits */
  readonly spans: (traceId: string) => Promise<readonly Span[]>;
}

/** What a link's item says; its secret is no part of it. */
export interface LinkFacts {
  readonly apiKeyId: string;
  readonly createdAt: Date;
  readonly title?: string;
  readonly message?: string;
  readonly from?: string;
  readonly contentTypes?: readonly string[];
  readonly language?: string;
  readonly returnUrl?: string;
}

/** Everything that is on record under the key of an upload. */
export interface UploadDossier {
  /** Undefined: no upload was issued for this key. */
  readonly upload: Upload | undefined;
  /** Under `uploads/` and under `accepted/`. */
  readonly observedVersions: readonly ObservedVersion[];
  readonly tallies: readonly Tally[];
  readonly link: LinkFacts | undefined;
}

/** One page of the table. */
export interface TablePage {
  readonly uploads: readonly Upload[];
  readonly observedVersions: readonly ObservedVersion[];
  /** Of the next page; undefined: this is the last one. */
  readonly next: string | undefined;
}

export interface UploadSource {
  readonly name: string;
  /** By Queries of one key, never a Scan. */
  readonly byId: (uploadId: string) => Promise<UploadDossier>;
  /** Reads one page of the table, of 1 MB at most. @param cursor a page's `next` @throws CursorGone */
  readonly page: (cursor: string | undefined) => Promise<TablePage>;
}

/** A page's cursor is no longer there, because others were read since. */
export class CursorGone extends Error {
  readonly code = 'CursorGone';
}

/** The queues that have dead letters. */
export const QueueName = { uploads: 'uploads', accepted: 'accepted', webhooks: 'webhooks' } as const;
export type QueueName = (typeof QueueName)[keyof typeof QueueName];

export interface MessageCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** By SQS's own counts, which are approximate. */
export interface QueueState {
  readonly queue: QueueName;
  readonly name: string;
  readonly counts: MessageCounts;
  readonly deadLetterName: string;
  readonly deadLetters: MessageCounts;
  readonly maxReceiveCount: number;
}

export interface QueueSource {
  readonly queues: readonly QueueName[];
  readonly state: (queue: QueueName) => Promise<QueueState>;
}

/** One version that a dead letter is about, or a message that is about none. */
export interface DeadLetterRow {
  readonly messageId: string;
  readonly what: string;
  readonly uploadId: string | undefined;
  readonly versionId: string | undefined;
  readonly receiveCount: number;
  readonly sentAt: Date;
  readonly state: string | undefined;
  readonly reason: string | undefined;
}

export interface DeadLetterLook {
  readonly rows: readonly DeadLetterRow[];
  readonly visible: number;
  /** Received by another consumer, or late in SQS's counts: neither shown nor moved. */
  readonly hidden: number;
  /** What a redrive would do, in words. */
  readonly plan: string;
}

export interface RedriveResult {
  /** How many messages came to each outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What did not move, and why; the first of them. */
  readonly remarks: readonly string[];
  readonly isStopped: boolean;
}

/** As `upload-once redrive`. */
export interface DeadLetterActions {
  /** Receives messages and gives them back, which counts as one more receive. */
  readonly look: (queue: QueueName) => Promise<DeadLetterLook>;
  /** Moves these dead letters, and no others, back to their queue. The signal ends it behind the batch that is under way. */
  readonly redrive: (
    queue: QueueName,
    messageIds: readonly string[],
    signal: AbortSignal,
  ) => Promise<RedriveResult>;
}

export interface AuditFinding {
  readonly kind: string;
  readonly uploadId: string;
  readonly key: string;
  readonly versionId: string;
  readonly state: string | undefined;
  readonly since: Date;
  readonly detail: string;
  /** What a repair did about its event; undefined: nothing was repaired. */
  readonly outcome: string | undefined;
  readonly remark: string;
}

export interface AuditProgress {
  readonly versions: number;
  readonly items: number;
  readonly tooYoung: number;
  readonly leased: number;
}

export interface AuditOrder {
  readonly olderThanMinutes: number;
  /** Given: it repairs what it finds of these, and leaves all else alone. */
  readonly repairOnly?: readonly AuditFinding[];
  /** Ends it behind the page that it reads. */
  readonly signal: AbortSignal;
  readonly onFinding: (finding: AuditFinding) => void;
  readonly onProgress: (progress: AuditProgress) => void;
}

/** As `upload-once audit`. */
export interface AuditActions {
  /** Reads bucket and table from one end to the other. Resolves with a remark for the user, '' if there is nothing to say. */
  readonly run: (order: AuditOrder) => Promise<string>;
}

/** Uploads that the user makes to see what happens. */
export const TrialKind = { once: 'once', twice: 'twice', late: 'late', tampered: 'tampered' } as const;
export type TrialKind = (typeof TrialKind)[keyof typeof TrialKind];

export interface TrialResult {
  readonly uploadId: string;
  /** What S3 responded to each request, in words. */
  readonly steps: readonly string[];
  /** S3 refused the last request: no service sees it. */
  readonly refusal: string | undefined;
}

export interface TrialActions {
  readonly run: (kind: TrialKind, signal: AbortSignal) => Promise<TrialResult>;
}

/** All that the console shows and does. What is undefined is not configured. */
export interface ConsoleSources {
  readonly uploads: UploadSource;
  readonly queues: QueueSource;
  readonly logs: LogSource | undefined;
  readonly metrics: MetricSource | undefined;
  readonly traces: TraceSource | undefined;
  readonly deadLetters: DeadLetterActions;
  readonly audit: AuditActions | undefined;
  readonly trials: TrialActions | undefined;
}
