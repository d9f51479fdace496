import type { ObjectCreated } from '@upload-once/queue';
import {
  type ObjectStore,
  type ObjectVersion,
  SightingKind,
  type Upload,
  UploadState,
  type UploadStore,
} from '@upload-once/uploads';

/** S3 told of a version, but lists none under its key: it was removed, or the list is not there yet. */
export class NoVersionListed extends Error {
  readonly code = 'NoVersionListed';
}

/**
 * Brings one key to where it belongs, for one event. It looks at the state of the world, not at the order of events: an
 * event may come late, twice, or before another that is older, and the end is the same.
 */
export function createReconcile(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly recordSighting: (event: ObjectCreated, kind: SightingKind) => Promise<void>;
  readonly acceptClaimed: (upload: Upload, claimed: ObjectVersion, signal: AbortSignal) => Promise<void>;
}) {
  const { uploads, objects, recordSighting, acceptClaimed } = options;

  return async function reconcile(event: ObjectCreated, signal: AbortSignal): Promise<void> {
    let upload = await uploads.get(event.key);
    let wonTheClaim = false;
    if (upload?.state === UploadState.issued) {
      const claim = await uploads.claim(event.key, await oldestVersion(event));
      upload = claim.upload;
      wonTheClaim = claim.applied;
    }
    if (upload?.state === UploadState.revoked) return recordSighting(event, SightingKind.refused);
    if (!upload?.claimed) return recordSighting(event, SightingKind.stray);

    const isTheUpload = event.versionId === upload.claimed.versionId;
    if (!isTheUpload) await recordSighting(event, SightingKind.duplicate);
    // Whoever wins goes on at once, whichever version's event it holds; else the claimed version's own event does.
    if (wonTheClaim || isTheUpload) await acceptClaimed(upload, upload.claimed, signal);
  };

  async function oldestVersion(event: ObjectCreated): Promise<ObjectVersion> {
    const [oldest] = await objects.listVersions(event.key);
    if (!oldest) {
      throw new NoVersionListed(`S3 lists no version of ${event.key}, though it told of ${event.versionId}`);
    }
    // The list knows seconds, the event milliseconds.
    return oldest.versionId === event.versionId ? { ...oldest, storedAt: event.storedAt } : oldest;
  }
}
