import { type ObjectVersion, type Upload, UploadState } from '@upload-once/uploads';

const ACCEPTED_OR_LATER: readonly UploadState[] = [
  UploadState.accepted,
  UploadState.processing,
  UploadState.processed,
  UploadState.failed,
];

/** Whether an item that was just read says that this very version was claimed, and that its copy was accepted. */
export function isAcceptanceOnRecord(upload: Upload | undefined, claimed: ObjectVersion): boolean {
  return (
    upload !== undefined &&
    upload.claimed?.versionId === claimed.versionId &&
    ACCEPTED_OR_LATER.includes(upload.state)
  );
}
