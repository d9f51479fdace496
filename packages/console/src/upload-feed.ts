import type { LogEntry } from './log-line.ts';

/** The moments of an upload, in epoch milliseconds, as far as the log told of them. */
export interface Moments {
  readonly issuedMs?: number;
  /** No upload of it can begin later. */
  readonly expiresMs?: number;
  readonly revokedMs?: number;
  /** When S3 stored the file. */
  readonly uploadedMs?: number;
  readonly acceptedMs?: number;
  readonly processedMs?: number;
  readonly failedMs?: number;
}

/** A version beside the upload itself. */
export interface OtherVersion {
  readonly kind: string;
  readonly versionId: string;
  readonly atMs: number;
}

export interface FeedUpload extends Moments {
  readonly uploadId: string;
  readonly apiKeyId?: string;
  readonly traceId?: string;
  readonly sizeBytes?: number;
  readonly attempts: number;
  /** The first of them. */
  readonly others: readonly OtherVersion[];
  /** What S3 refused, as far as this console sent it. */
  readonly refusals: readonly string[];
  /** When something was last said of it. */
  readonly lastMs: number;
}

/** A request that got no form. */
export interface FeedRefusal {
  readonly atMs: number;
  readonly reason: string;
  readonly apiKeyId?: string;
}

export interface UploadFeed {
  add(entry: LogEntry): void;
  /** S3 refused what this console sent with the form of an upload: no service sees that. */
  refused(uploadId: string, why: string, at: Date): void;
  /** The newest first. */
  uploads(): FeedUpload[];
  /** The newest first. */
  refusals(): readonly FeedRefusal[];
  /** Others were seen, and are no longer here: there were too many. */
  isFull(): boolean;
}

export interface FeedOptions {
  readonly onUpload: (upload: FeedUpload) => void;
  readonly onRefusal: (refusal: FeedRefusal) => void;
  /** How many uploads are kept: those that something was said of last. */
  readonly mostUploads?: number;
}

const MOST_UPLOADS = 500;
const MOST_REFUSALS = 200;
/** For each upload. */
const MOST_OTHERS = 20;
const OTHER_KINDS: readonly string[] = ['duplicate', 'identical-duplicate', 'refused', 'orphan'];

/**
 * What became of uploads, from log lines in any order: one that comes twice changes nothing. What it holds is bounded, however much is
 * logged.
 */
export function createUploadFeed({
  onUpload,
  onRefusal,
  mostUploads = MOST_UPLOADS,
}: FeedOptions): UploadFeed {
  const uploads = new Map<string, FeedUpload>();
  const refusals: FeedRefusal[] = [];
  let isFull = false;

  function change(uploadId: string, atMs: number, with_: (upload: FeedUpload) => Partial<FeedUpload>): void {
    const before = uploads.get(uploadId) ?? { uploadId, attempts: 0, others: [], refusals: [], lastMs: atMs };
    const upload = { ...before, ...with_(before), lastMs: Math.max(before.lastMs, atMs) };
    // The last one that was set is the last one that goes.
    uploads.delete(uploadId);
    uploads.set(uploadId, upload);
    const [oldest] = uploads.keys();
    if (uploads.size > mostUploads && oldest !== undefined) {
      uploads.delete(oldest);
      isFull = true;
    }
    onUpload(upload);
  }

  function addRefusal(refusal: FeedRefusal): void {
    const isKnown = refusals.some(
      ({ atMs, reason, apiKeyId }) =>
        atMs === refusal.atMs && reason === refusal.reason && apiKeyId === refusal.apiKeyId,
    );
    if (isKnown) return;
    const earlier = refusals.findIndex(({ atMs }) => atMs <= refusal.atMs);
    refusals.splice(earlier === -1 ? refusals.length : earlier, 0, refusal);
    refusals.length = Math.min(refusals.length, MOST_REFUSALS);
    onRefusal(refusal);
  }

  return {
    add(entry) {
      const { uploadId, apiKeyId, outcome } = entry;
      const atMs = entry.at.getTime();
      if (uploadId !== undefined && (outcome !== 'refused' || entry.versionId !== undefined)) {
        change(uploadId, atMs, (upload) => changesOf(upload, entry));
      } else if (outcome === 'refused') {
        addRefusal({ atMs, reason: entry.reason ?? entry.message, ...(apiKeyId && { apiKeyId }) });
      }
    },

    refused(uploadId, why, at) {
      change(uploadId, at.getTime(), ({ refusals }) => ({
        refusals: [...refusals, why].slice(-MOST_OTHERS),
      }));
    },

    uploads: () => [...uploads.values()].reverse(),
    refusals: () => refusals,
    isFull: () => isFull,
  };
}

function changesOf(upload: FeedUpload, entry: LogEntry): Partial<FeedUpload> {
  const { outcome, apiKeyId, traceId, sizeBytes, attempt, versionId } = entry;
  const { storedAt, issuedAt, expiresAt, leadTimeMs } = entry;
  const atMs = entry.at.getTime();
  const facts = {
    ...(apiKeyId !== undefined && { apiKeyId }),
    ...(traceId !== undefined && { traceId }),
    // A webhook has attempts of its own.
    ...(attempt !== undefined &&
      entry.service === 'processor' && { attempts: Math.max(upload.attempts, attempt) }),
  };
  switch (outcome) {
    case 'issued':
      return {
        ...facts,
        issuedMs: atMs,
        // A link's end can have been changed since.
        ...(expiresAt && { expiresMs: upload.expiresMs ?? expiresAt.getTime() }),
      };
    case 'changed':
      return { ...facts, ...(expiresAt && { expiresMs: expiresAt.getTime() }) };
    case 'revoked':
      return { ...facts, revokedMs: upload.revokedMs ?? atMs };
    case 'accepted':
      return {
        ...facts,
        acceptedMs: atMs,
        ...(sizeBytes !== undefined && { sizeBytes }),
        ...(storedAt && { uploadedMs: storedAt.getTime() }),
        ...(issuedAt && { issuedMs: issuedAt.getTime() }),
      };
    case 'processed':
      return {
        ...facts,
        processedMs: atMs,
        ...(upload.uploadedMs === undefined && leadTimeMs !== undefined && { uploadedMs: atMs - leadTimeMs }),
      };
    case 'failed':
      // A webhook that failed says nothing of the upload's own end.
      return entry.service === 'processor' ? { ...facts, failedMs: atMs } : facts;
    default:
      return OTHER_KINDS.includes(outcome) && versionId !== undefined
        ? { others: withOther(upload.others, { kind: outcome, versionId, atMs }) }
        : facts;
  }
}

function withOther(others: readonly OtherVersion[], other: OtherVersion): readonly OtherVersion[] {
  const isKnown = others.some(({ versionId, kind }) => versionId === other.versionId && kind === other.kind);
  return isKnown || others.length >= MOST_OTHERS ? others : [...others, other];
}
