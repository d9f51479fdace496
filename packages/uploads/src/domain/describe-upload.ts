import { uploadIdOf } from '@upload-once/text/upload-id';
import { filenameOf } from './filename.ts';
import { type Constraints, type Upload, UploadState } from './upload.ts';

/** An upload as its client sees it; times are in ISO 8601. */
export interface UploadDescription {
  readonly id: string;
  readonly state: UploadState;
  readonly method: Constraints['method'];
  readonly contentType?: string;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly filename?: string;
  readonly metadata: Record<string, string>;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly revokedAt?: string;
  readonly storedAt?: string;
  readonly claimedAt?: string;
  readonly acceptedAt?: string;
  readonly processedAt?: string;
  readonly failedAt?: string;
  readonly failureReason?: string;
  readonly sizeBytes?: number;
  readonly eTag?: string;
  /** In hexadecimal digits. */
  readonly sha256?: string;
  readonly leadTimeSeconds?: number;
}

/** What its client may know of an upload: nothing about the worker that has it. */
export function describeUpload(upload: Upload): UploadDescription {
  const { claimed, constraints, revokedAt, acceptedAt, processedAt } = upload;
  const { contentType, sha256 } = constraints;
  const filename = filenameOf(upload);
  const isFailed = upload.state === UploadState.failed;
  return {
    id: uploadIdOf(upload.key),
    state: upload.state,
    method: constraints.method,
    ...(contentType !== undefined && { contentType }),
    minBytes: constraints.minBytes,
    maxBytes: constraints.maxBytes,
    ...(filename !== undefined && { filename }),
    metadata: { ...upload.metadata },
    issuedAt: upload.issuedAt.toISOString(),
    expiresAt: upload.expiresAt.toISOString(),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
    ...(claimed && { storedAt: claimed.storedAt.toISOString(), claimedAt: claimed.claimedAt.toISOString() }),
    ...(acceptedAt && { acceptedAt: acceptedAt.toISOString() }),
    ...(processedAt && { processedAt: processedAt.toISOString() }),
    ...(isFailed && upload.failedAt && { failedAt: upload.failedAt.toISOString() }),
    ...(isFailed &&
      upload.clientFailureReason !== undefined && { failureReason: upload.clientFailureReason }),
    ...(claimed && { sizeBytes: claimed.sizeBytes, eTag: claimed.eTag }),
    ...(sha256 !== undefined && { sha256: Buffer.from(sha256, 'base64').toString('hex') }),
    ...(claimed &&
      processedAt && { leadTimeSeconds: (processedAt.getTime() - claimed.storedAt.getTime()) / 1000 }),
  };
}
