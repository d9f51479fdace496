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

/** What is known of one upload. It is the same in whatever order the lines come, and however often. */
export interface UploadHistory {
  add(entry: LogEntry): void;
  refused(why: string, atMs: number): void;
  upload(): FeedUpload;
}

/** For each upload. */
const MOST_OTHERS = 20;
const OTHER_KINDS: readonly string[] = ['duplicate', 'identical-duplicate', 'refused', 'orphan'];

/** What lines say: of each, what the latest line says is true. */
interface Facts extends Omit<Moments, 'revokedMs'> {
  readonly apiKeyId?: string;
  readonly traceId?: string;
  readonly sizeBytes?: number;
  /** By the lead time, which is worth less than the time itself. */
  readonly leadBeganMs?: number;
}

export function createUploadHistory(uploadId: string): UploadHistory {
  /** Each with the time of its line. */
  const facts = new Map<string, { readonly atMs: number; readonly value: string | number }>();
  let revokedMs: number | undefined;
  let attempts = 0;
  let others: readonly OtherVersion[] = [];
  let refusals: readonly string[] = [];
  let lastMs = 0;

  function learn(name: string, value: string | number, atMs: number): void {
    const known = facts.get(name);
    // Of two lines of one millisecond the greater value counts, so that the order does not.
    if (!known || known.atMs < atMs || (known.atMs === atMs && known.value < value))
      facts.set(name, { atMs, value });
  }

  return {
    add(entry) {
      const { service, outcome, attempt, versionId } = entry;
      const atMs = entry.at.getTime();
      lastMs = Math.max(lastMs, atMs);
      for (const [name, value] of Object.entries(factsOf(entry))) learn(name, value, atMs);
      // A webhook has attempts of its own.
      if (attempt !== undefined && service === 'processor') attempts = Math.max(attempts, attempt);
      if (outcome === 'revoked') revokedMs = Math.min(revokedMs ?? atMs, atMs);
      if (OTHER_KINDS.includes(outcome) && versionId !== undefined)
        others = withOther(others, { kind: outcome, versionId, atMs });
    },

    refused(why, atMs) {
      lastMs = Math.max(lastMs, atMs);
      refusals = [...refusals, why].slice(-MOST_OTHERS);
    },

    upload() {
      const known: Facts = Object.fromEntries([...facts].map(([name, { value }]) => [name, value]));
      const { leadBeganMs, uploadedMs = leadBeganMs, ...rest } = known;
      return {
        uploadId,
        ...rest,
        ...(uploadedMs !== undefined && { uploadedMs }),
        ...(revokedMs !== undefined && { revokedMs }),
        attempts,
        others,
        refusals,
        lastMs,
      };
    },
  };
}

function factsOf(entry: LogEntry): Facts {
  const { outcome, apiKeyId, traceId, sizeBytes, service } = entry;
  const { storedAt, issuedAt, expiresAt, leadTimeMs } = entry;
  const atMs = entry.at.getTime();
  const facts = { ...(apiKeyId !== undefined && { apiKeyId }), ...(traceId !== undefined && { traceId }) };
  switch (outcome) {
    case 'issued':
      return { ...facts, issuedMs: atMs, ...(expiresAt && { expiresMs: expiresAt.getTime() }) };
    case 'changed':
      return { ...facts, ...(expiresAt && { expiresMs: expiresAt.getTime() }) };
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
        ...(leadTimeMs !== undefined && { leadBeganMs: atMs - leadTimeMs }),
      };
    case 'failed':
      // A webhook that failed says nothing of the upload's own end.
      return service === 'processor' ? { ...facts, failedMs: atMs } : facts;
    default:
      return facts;
  }
}

/** The first ones, each by the first line that tells of it. */
function withOther(others: readonly OtherVersion[], other: OtherVersion): readonly OtherVersion[] {
  const known = others.find(({ versionId, kind }) => versionId === other.versionId && kind === other.kind);
  if (known && known.atMs <= other.atMs) return others;
  return [...others.filter((each) => each !== known), other].sort(byTime).slice(0, MOST_OTHERS);
}

function byTime(one: OtherVersion, two: OtherVersion): number {
  const [first, second] = [one, two].map(({ versionId, kind }) => `${versionId} ${kind}`);
  return one.atMs - two.atMs || ((first ?? '') < (second ?? '') ? -1 : 1);
}
