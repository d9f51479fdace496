import { CopyObjectCommand } from '@aws-sdk/client-s3';
import { acceptedKeyOf } from '@upload-once/uploads';
import type { LocalCloud } from '../../../../test/support/local-cloud.ts';

/** An upload that was accepted; gives its key. Its event is on the way to the processor, and may be there before the record. */
export async function accept(cloud: LocalCloud, text: string) {
  const key = await cloud.issue();
  const storedAt = new Date(Date.now() - 1000);
  const claimed = await cloud.put(key, text);
  await cloud.uploads.claim(key, { versionId: claimed, eTag: 'e', sizeBytes: text.length, storedAt });
  const copy = new CopyObjectCommand({
    Bucket: cloud.bucket,
    Key: acceptedKeyOf(key),
    CopySource: `${cloud.bucket}/${key}?versionId=${claimed}`,
  });
  const { VersionId: versionId = '' } = await cloud.s3.send(copy);
  await cloud.uploads.accept(key, { claimedVersionId: claimed, acceptedVersionId: versionId });
  return { key, versionId };
}
