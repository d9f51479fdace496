import { Unprocessable } from '@upload-once/queue';
import { addAcceptance, type Logger, type Metrics, traceIdOf } from '@upload-once/runtime';
import {
  acceptedKeyOf,
  type ObjectStore,
  type ObjectVersion,
  type Upload,
  UploadState,
  type UploadStore,
} from '@upload-once/uploads';

/** The claimed version is gone, nothing lies under accepted/, and nobody has recorded that it was ever there. */
export class ClaimedVersionLost extends Error {
  readonly code = 'ClaimedVersionLost';
}

/**
 * Takes a claimed upload to its end: copy exactly the claimed version, record ACCEPTED, remove that version.
 * Every step may be repeated, or done by two workers at once; a crash between any two loses nothing. Nothing under
 * accepted/ is ever removed here: what one worker copied may be what another has just recorded.
 */
export function createAcceptClaimed(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly log: Logger;
  readonly metrics: Metrics;
}) {
  const { uploads, objects, log, metrics } = options;

  return async function acceptClaimed(
    upload: Upload,
    claimed: ObjectVersion,
    signal: AbortSignal,
  ): Promise<void> {
    if (upload.state === UploadState.claimed) await copyAndRecord(upload, claimed, signal);
    // A presigned PUT works again as soon as its object is gone: there the lifecycle takes it, later.
    if (upload.constraints.method === 'post') await objects.deleteVersion(upload.key, claimed.versionId);
  };

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
      copy.outcome === 'copied' ? copy.versionId : await findEarlierCopy(targetKey, claimed);
    if (acceptedVersionId === undefined) return assertLaterThanClaimed(upload.key);

    const recorded = await uploads.accept(upload.key, acceptedVersionId);
    if (!recorded.applied) return;
    const { sizeBytes, storedAt } = claimed;
    addAcceptance(metrics, { sizeBytes, storedAt, acceptedAt: recorded.upload.acceptedAt ?? storedAt });
    const traceId = traceIdOf(upload.traceparent);
    log.info({ key: targetKey, versionId: acceptedVersionId, sizeBytes, traceId }, 'upload accepted');
  }

  /** Only the acceptor may write under accepted/, so what is there was copied by an earlier attempt; its size must say so too. */
  async function findEarlierCopy(targetKey: string, claimed: ObjectVersion): Promise<string | undefined> {
    const there = await objects.head(targetKey);
    if (there && there.sizeBytes !== claimed.sizeBytes) {
      throw new Unprocessable(
        `${targetKey} has ${there.sizeBytes} bytes, the claimed version ${claimed.sizeBytes}: somebody else wrote it`,
      );
    }
    return there?.versionId;
  }

  /** Neither source nor copy: fine when the user has taken the copy away already, and said nowhere else in silence. */
  async function assertLaterThanClaimed(key: string): Promise<void> {
    const upload = await uploads.get(key);
    if (upload && upload.state !== UploadState.claimed) return;
    throw new ClaimedVersionLost(
      `${key}: version ${upload?.claimed?.versionId} was claimed, but is neither there nor under accepted/`,
    );
  }
}
