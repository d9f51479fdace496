import type { LogEntry } from './log-line.ts';
import { createUploadHistory, type FeedUpload, type UploadHistory } from './upload-history.ts';

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
  /** Those that something was said of last come first. */
  uploads(): FeedUpload[];
  /** The newest first. */
  refusals(): readonly FeedRefusal[];
  /** Others were seen, and are no longer here: there were too many. */
  isFull(): boolean;
}

export interface FeedOptions {
  readonly onUpload: (upload: FeedUpload) => void;
  /** There was no place for it any more. */
  readonly onGone: (uploadId: string) => void;
  /** Of those that are kept. */
  readonly onRefusal: (refusal: FeedRefusal) => void;
  /** How many uploads are kept. */
  readonly mostUploads?: number;
}

const MOST_UPLOADS = 500;
const MOST_REFUSALS = 200;

/**
 * What became of uploads, from log lines in any order: one that comes twice changes nothing. What it holds is bounded, however much is
 * logged. Uploads go by the time at which something was last said of them, the oldest first. Those that an operator looks for, accepted
 * and not processed or failed, stay longer than others, as long as they are no more than half of all.
 */
export function createUploadFeed({
  onUpload,
  onGone,
  onRefusal,
  mostUploads = MOST_UPLOADS,
}: FeedOptions): UploadFeed {
  const histories = new Map<string, UploadHistory>();
  const uploads = new Map<string, FeedUpload>();
  const refusals: FeedRefusal[] = [];
  let isFull = false;

  function change(uploadId: string, with_: (history: UploadHistory) => void): void {
    const history = histories.get(uploadId) ?? createUploadHistory(uploadId);
    with_(history);
    const upload = history.upload();
    histories.set(uploadId, history);
    uploads.set(uploadId, upload);
    const gone = uploads.size > mostUploads ? leastWanted() : undefined;
    if (gone !== upload) onUpload(upload);
    if (gone === undefined) return;
    isFull = true;
    histories.delete(gone.uploadId);
    uploads.delete(gone.uploadId);
    onGone(gone.uploadId);
  }

  function leastWanted(): FeedUpload | undefined {
    let open = 0;
    let oldestOpen: FeedUpload | undefined;
    let oldestOther: FeedUpload | undefined;
    for (const upload of uploads.values()) {
      if (isOpen(upload)) {
        open += 1;
        oldestOpen = older(oldestOpen, upload);
      } else oldestOther = older(oldestOther, upload);
    }
    return open > mostUploads / 2 ? oldestOpen : oldestOther;
  }

  function addRefusal(refusal: FeedRefusal): void {
    const isKnown = refusals.some(
      ({ atMs, reason, apiKeyId }) =>
        atMs === refusal.atMs && reason === refusal.reason && apiKeyId === refusal.apiKeyId,
    );
    if (isKnown) return;
    const earlier = refusals.findIndex(({ atMs }) => atMs <= refusal.atMs);
    const place = earlier === -1 ? refusals.length : earlier;
    if (place >= MOST_REFUSALS) return;
    refusals.splice(place, 0, refusal);
    refusals.length = Math.min(refusals.length, MOST_REFUSALS);
    onRefusal(refusal);
  }

  return {
    add(entry) {
      const { uploadId, apiKeyId, outcome } = entry;
      if (uploadId !== undefined && (outcome !== 'refused' || entry.versionId !== undefined)) {
        change(uploadId, (history) => history.add(entry));
      } else if (outcome === 'refused') {
        const atMs = entry.at.getTime();
        addRefusal({ atMs, reason: entry.reason ?? entry.message, ...(apiKeyId && { apiKeyId }) });
      }
    },

    refused(uploadId, why, at) {
      change(uploadId, (history) => history.refused(why, at.getTime()));
    },

    uploads: () => [...uploads.values()].sort((one, two) => two.lastMs - one.lastMs),
    refusals: () => refusals,
    isFull: () => isFull,
  };
}

/** It has a file, and is not processed. */
function isOpen({ acceptedMs, processedMs, failedMs }: FeedUpload): boolean {
  return (
    (acceptedMs ?? failedMs) !== undefined && (processedMs === undefined || processedMs < (failedMs ?? 0))
  );
}

function older(one: FeedUpload | undefined, two: FeedUpload): FeedUpload {
  return one && one.lastMs <= two.lastMs ? one : two;
}
