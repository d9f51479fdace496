import { type Logger, type Metrics, traceIdOf } from '@upload-once/runtime';
import {
  acceptedKeyOf,
  decodedFilename,
  FILENAME_METADATA,
  type ObjectStore,
  type ObjectVersion,
  type Upload,
  UploadState,
  type UploadStore,
  uploadIdOf,
} from '@upload-once/uploads';
import { createFindEarlierCopy } from './find-earlier-copy.ts';
import { isAcceptanceOnRecord } from './is-acceptance-on-record.ts';
import { lastExpiryOf, type RemoveAfterExpiry } from './remove-after-expiry.ts';
import type { Remove } from './remove-together.ts';

/** ACCEPTED could not be recorded, and no later state of the same claim is on record: the item is gone, or it is another claim's. */
class AcceptanceNotRecorded extends Error {
  readonly code = 'AcceptanceNotRecorded';
}

/**
 * Takes a claimed upload to its end: copy exactly the claimed version, record ACCEPTED, remove that version.
 * Every step may be repeated, or done by two workers at once; a crash between any two loses nothing. The claimed version is removed only
 * when ACCEPTED or a later state of the same claim was read. Nothing under accepted/ is ever removed here: what one worker copied may be
 * what another has just recorded.
 */
export function createAcceptClaimed(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly remove: Remove;
  readonly removeAfterExpiry: RemoveAfterExpiry;
  readonly log: Logger;
  readonly metrics: Metrics;
}) {
  const { uploads, objects, remove, removeAfterExpiry, log, metrics } = options;
  const findEarlierCopy = createFindEarlierCopy({ uploads, objects });

  return async function acceptClaimed(
    upload: Upload,
    claimed: ObjectVersion,
    signal: AbortSignal,
  ): Promise<void> {
    if (upload.state === UploadState.claimed) await copyAndRecord(upload, claimed, signal);
    const version = { key: upload.key, versionId: claimed.versionId };
    // A presigned PUT works again as soon as its object is gone.
    if (upload.constraints.method === 'put') await removeAfterExpiry(version, lastExpiryOf(upload));
    else await remove(version);
  };

  /** Resolves when ACCEPTED or a later state is on record, no matter which worker has recorded it. */
  async function copyAndRecord(upload: Upload, claimed: ObjectVersion, signal: AbortSignal): Promise<void> {
    const targetKey = acceptedKeyOf(upload.key);
    const order = {
      sourceKey: upload.key,
      sourceVersionId: claimed.versionId,
      sourceSizeBytes: claimed.sizeBytes,
      targetKey,
    };
    const copy = await objects.copyIfAbsent(order, signal);
    const acceptedVersionId =
      copy.outcome === 'copied' ? copy.versionId : await findEarlierCopy(upload.key, claimed, signal);
    if (acceptedVersionId === undefined) return;

    const filename = await filenameFrom(upload, acceptedVersionId);
    const acceptance = {
      claimedVersionId: claimed.versionId,
      acceptedVersionId,
      ...(filename !== undefined && { filename }),
    };
    const recorded = await uploads.accept(upload.key, acceptance);
    if (!recorded.applied) {
      if (isAcceptanceOnRecord(recorded.upload, claimed)) return;
      const { upload: found } = recorded;
      throw new AcceptanceNotRecorded(
        `${upload.key}: version ${claimed.versionId} was copied, but its upload ${found ? `is ${found.state} with the claimed version ${found.claimed?.versionId}` : 'is no longer on record'}`,
      );
    }
    const { sizeBytes, storedAt } = claimed;
    const acceptedAt = recorded.upload.acceptedAt ?? storedAt;
    const durationMs = Math.max(0, acceptedAt.getTime() - storedAt.getTime());
    metrics.addAll({
      UploadsAccepted: 1,
      BytesAccepted: sizeBytes,
      AcceptTime: durationMs,
      // A link can be open for weeks before anyone sends a file.
      ...(upload.signatureSeconds === undefined && {
        UploadTime: Math.max(0, storedAt.getTime() - upload.issuedAt.getTime()),
      }),
    });
    const facts = {
      uploadId: uploadIdOf(upload.key),
      versionId: acceptedVersionId,
      sizeBytes,
      traceId: traceIdOf(upload.traceparent),
      issuedAt: upload.issuedAt,
      storedAt,
      durationMs,
      outcome: 'accepted',
    };
    log.info(facts, 'upload accepted');
  }

  /** Each click on a link signs the name of another file: only the accepted object says which one it has. */
  async function filenameFrom(upload: Upload, acceptedVersionId: string): Promise<string | undefined> {
    if (upload.signatureSeconds === undefined) return undefined;
    const accepted = await objects.head(acceptedKeyOf(upload.key), acceptedVersionId);
    return decodedFilename(accepted?.attributes[`x-amz-meta-${FILENAME_METADATA}`]);
  }
}
