import { setTimeout as wait } from 'node:timers/promises';
import type { IdempotencyKey, IdempotencyRecord, IdempotencyStore } from '@upload-once/access';
import {
  type NewUpload,
  type Upload,
  UploadAlreadyIssued,
  UploadState,
  type UploadStore,
} from '@upload-once/uploads';
import { HttpError } from '../http-error.ts';

/** A request with an `Idempotency-Key`. */
export interface IdempotentRequest {
  readonly key: IdempotencyKey;
  /** See `requestSha256Of`. */
  readonly requestSha256: string;
  /** Whether its upload takes of a daily quota. */
  readonly isCounted: boolean;
}

/**
 * @param plan the upload as it would be issued now; called for each attempt
 * @param takeQuota see `IssueContext`
 * @returns the upload as it stands in the table, and whether this request brought it into being
 * @throws HttpError 422 when the key came with another request before, and those of `takeQuota`; other errors, if the table of uploads or
 *   of keys does not respond
 */
export type IssueOnce = (
  plan: () => Promise<NewUpload>,
  takeQuota: () => Promise<void>,
  request: IdempotentRequest,
) => Promise<{ readonly upload: Upload; readonly isNew: boolean }>;

export interface IssueOnceOptions {
  readonly uploadStore: UploadStore;
  readonly idempotencyStore: IdempotencyStore;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Resolves after so long; by default by the clock. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

const WRITER_BYTES = 16;

/**
 * How long a counted upload is its task's alone: longer than its client is kept waiting, so that without a failure no
 * other task takes of the quota for it.
 */
const LEASE_SECONDS = 10;

/** How long to wait each time for another task; together less than a client is kept waiting. */
const WAITS_MS = [25, 50, 100, 200, 400, 800, 1_000, 1_000];

/**
 * Issues at most one upload for an idempotency key, however often the request comes, also at the same time, and wherever an
 * earlier attempt was cut short. First it is recorded which upload the request is going to come to, and when it is issued.
 * A later request that does not find that upload takes the record over and does what is left to be done, with all of the
 * requested lifetime; it is the same upload, whose issue is one write under one condition.
 *
 * Where the upload takes of a quota, that is no write that can be repeated: the record then is its writer's alone for
 * `LEASE_SECONDS`, or until that writer gives it back because nothing came of it; others wait. So repeats take one unit.
 * A task that dies in between may cost one, and its lease as much time; there is never a second upload.
 */
export function createIssueOnce(options: IssueOnceOptions): IssueOnce {
  const { uploadStore, idempotencyStore, now, randomBytes, pause = wait } = options;

  function recordOf(upload: NewUpload, request: IdempotentRequest): IdempotencyRecord {
    const { key, issuedAt, expiresAt } = upload;
    const ownedUntil = new Date(now().getTime() + LEASE_SECONDS * 1000);
    return {
      requestSha256: request.requestSha256,
      uploadKey: key,
      issuedAt,
      expiresAt,
      writer: newWriter(),
      ...(request.isCounted && { ownedUntil }),
    };
  }

  function newWriter(): string {
    return Buffer.from(randomBytes(WRITER_BYTES)).toString('hex');
  }

  /** What stands in the table under the key of a planned upload, if anything does. */
  async function find({ key, apiKeyId }: NewUpload): Promise<Upload | undefined> {
    const upload = await uploadStore.get(key);
    if (upload && upload.apiKeyId !== apiKeyId)
      throw new UploadAlreadyIssued(`${key} was issued for another key`);
    return upload;
  }

  /** Only the writer of the record calls this while it has the record. */
  async function issueOwn(wanted: NewUpload, takeQuota: () => Promise<void>) {
    try {
      await uploadStore.issue(wanted, takeQuota);
      return { upload: { ...wanted, state: UploadState.issued, attempt: 0 }, isNew: true };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // The previous writer of the record may have finished after all, possibly with the last unit.
      const upload = await find(wanted);
      if (!upload) throw error;
      return { upload, isNew: false };
    }
  }

  /** The next repeat need not wait. Where this fails the lease runs out. */
  async function giveBack(request: IdempotentRequest, record: IdempotencyRecord): Promise<void> {
    const { ownedUntil, ...free } = record;
    if (!ownedUntil) return;
    await idempotencyStore
      .reserve(request.key, { ...free, writer: newWriter() }, record.writer)
      .catch(() => undefined);
  }

  function isOwned({ ownedUntil }: IdempotencyRecord): boolean {
    return ownedUntil !== undefined && ownedUntil.getTime() > now().getTime();
  }

  return async (plan, takeQuota, request) => {
    let takingOver: IdempotencyRecord | undefined;
    for (const ms of [...WAITS_MS, undefined]) {
      const planned = await plan();
      const wanted = takingOver ? { ...planned, key: takingOver.uploadKey } : planned;
      const own = recordOf(wanted, request);
      const record = await idempotencyStore.reserve(request.key, own, takingOver?.writer);
      if (record.requestSha256 !== request.requestSha256) throw keyUsedOtherwise();
      if (record.writer === own.writer) {
        try {
          return await issueOwn(wanted, takeQuota);
        } catch (error) {
          await giveBack(request, own);
          throw error;
        }
      }
      const upload = await find({ ...planned, key: record.uploadKey });
      if (upload) return { upload, isNew: false };
      takingOver = isOwned(record) ? undefined : record;
      if (!takingOver && ms !== undefined) await pause(ms);
    }
    throw new Error('another task has had this request for long, and has come to no end');
  };
}

/** The table has responded: there is no unit left, or the upload exists. */
function isRefusal(error: unknown): boolean {
  return error instanceof UploadAlreadyIssued || (error instanceof HttpError && error.statusCode === 429);
}

function keyUsedOtherwise(): HttpError {
  return new HttpError(
    422,
    'This Idempotency-Key came with another body before: a new request needs a new key',
    { code: 'IdempotencyKeyReused' },
  );
}
