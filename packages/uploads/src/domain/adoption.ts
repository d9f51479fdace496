import type { Change } from '../ports/item-table.ts';
import { issuedItem, type UploadItem } from './item.ts';
import { type ObjectVersion, type Upload, UploadState } from './upload.ts';

/** Who says that a version is the upload, and why: an operator's own words, which stay with the item. */
export interface OperatorsWord {
  readonly by: string;
  readonly reason: string;
}

/** What an upload is recorded with when its own record is lost. */
export interface LostRecord {
  /** The API key whose client sees the upload again. */
  readonly apiKeyId: string;
  /** What the object's metadata say that the client calls its file. */
  readonly filename?: string;
}

/** What one adoption is written with. */
export interface AdoptionWrite {
  readonly word: OperatorsWord;
  readonly now: Date;
  /** 32 random hexadecimal digits: the writer's token and, of a new item, the id of a trace that is not sampled. */
  readonly token: string;
}

/**
 * What an operator can record of a version that the table does not have. P5: no service does this, and nothing does it unasked. Each is one
 * conditional write, which holds only while the upload is as it was read.
 */
export type Adoption =
  /** There is no upload; the version lies under `uploads/`. It is ISSUED again, and the acceptor goes on from there. */
  | {
      readonly how: 'expect';
      readonly key: string;
      readonly version: ObjectVersion;
      readonly lost: LostRecord;
    }
  /** The version under `accepted/` is the copy, of a claimed version that may be gone. The upload is ACCEPTED, or PROCESSED if its work was done. */
  | {
      readonly how: 'accept';
      readonly key: string;
      /** As it was read: ISSUED or CLAIMED; undefined: there is none. */
      readonly upload: Upload | undefined;
      readonly lost: LostRecord;
      readonly claimed: ObjectVersion;
      readonly acceptedVersionId: string;
      readonly isProcessed: boolean;
    }
  /** The version under `accepted/` has the accepted version's bytes, and takes its place. The state stays. */
  | {
      readonly how: 'bind';
      readonly key: string;
      readonly upload: Upload;
      readonly acceptedVersionId: string;
    };

function wordOf({ word: { by, reason }, now, token: writer }: AdoptionWrite) {
  return { writer, adoptedAt: now.toISOString(), adoptedBy: by, adoptionReason: reason };
}

function acceptedAs(
  { claimed, acceptedVersionId, isProcessed }: Extract<Adoption, { how: 'accept' }>,
  now: Date,
) {
  const { versionId, eTag, sizeBytes, storedAt } = claimed;
  const time = now.toISOString();
  return {
    ...{ versionId, eTag, sizeBytes, storedAt: storedAt.toISOString(), claimedAt: time },
    ...{ acceptedVersionId, acceptedAt: time },
    ...(isProcessed
      ? { state: UploadState.processed, processedAt: time }
      : { state: UploadState.accepted, versionToProcess: acceptedVersionId }),
  };
}

/**
 * The item of an upload whose own is lost; undefined: the adoption is of one that is there. Its constraints are the version's size, because
 * what was signed is not known.
 */
export function adoptedItem(
  adoption: Adoption,
  write: AdoptionWrite,
  deleteAt: number,
): UploadItem | undefined {
  if (adoption.how === 'bind' || (adoption.how === 'accept' && adoption.upload)) return undefined;
  const { key, lost } = adoption;
  const { storedAt, sizeBytes } = adoption.how === 'expect' ? adoption.version : adoption.claimed;
  const { apiKeyId, filename } = lost;
  const { token, now } = write;
  const upload = {
    key,
    apiKeyId,
    issuedAt: storedAt,
    expiresAt: storedAt,
    constraints: {
      method: 'post' as const,
      minBytes: sizeBytes,
      maxBytes: sizeBytes,
      ...(filename !== undefined && { filename }),
    },
    metadata: {},
    traceparent: `00-${token}-${token.slice(0, 16)}-00`,
  };
  return {
    ...issuedItem(upload, deleteAt, token),
    ...(adoption.how === 'accept' && acceptedAs(adoption, now)),
    ...wordOf(write),
  };
}

/** The change of an upload that is there; undefined: there is none, see `adoptedItem`. */
export function adopt(adoption: Adoption, write: AdoptionWrite): Change | undefined {
  if (adoption.how === 'accept' && adoption.upload) {
    const { state, claimed } = adoption.upload;
    return {
      when: [
        { attribute: 'state', equals: state },
        ...(claimed ? [{ attribute: 'versionId', equals: claimed.versionId } as const] : []),
      ],
      set: { ...acceptedAs(adoption, write.now), ...wordOf(write) },
    };
  }
  if (adoption.how !== 'bind') return undefined;
  const { upload, acceptedVersionId } = adoption;
  const isToBegin = upload.state === UploadState.accepted && upload.attempt === 0;
  return {
    when: [
      { attribute: 'state', equals: upload.state },
      { attribute: 'attempt', equals: upload.attempt },
      { attribute: 'acceptedVersionId', equals: upload.acceptedVersionId ?? '' },
    ],
    set: {
      acceptedVersionId,
      ...(isToBegin && { versionToProcess: acceptedVersionId }),
      ...wordOf(write),
    },
  };
}
