import { ACCEPTED_PREFIX, type UploadRecords, uploadKeyOfAccepted } from '@upload-once/uploads';

/**
 * Puts off the deletion of all items that an event for this version is about, before the event is sent: its message may lie in
 * a queue and a dead-letter queue for both retentions, and must not outlive them. For an accepted object these are its upload's
 * and, if it is on record as an orphan, its own.
 */
export async function keepItems(
  records: Pick<UploadRecords, 'keepLonger'>,
  { key, versionId }: { readonly key: string; readonly versionId: string },
): Promise<void> {
  await records.keepLonger(key, versionId);
  if (key.startsWith(ACCEPTED_PREFIX)) await records.keepLonger(uploadKeyOfAccepted(key), versionId);
}
