import type { ObjectCreated } from '@upload-once/queue';
import { acceptedKeyOf, type ObjectStore, type Upload, type VersionDescription } from '@upload-once/uploads';

/**
 * Those for which it is not feasible to make other bytes with the digest of a given file. S3 has an MD5 where the bucket does not encrypt
 * with KMS. A CRC never counts: it is easy to make other bytes with the CRC of a file.
 */
const PROVING_DIGESTS = ['SHA-256', 'MD5'];

/**
 * Whether a version has the bytes of the claimed one: browsers and upload libraries send a request again when a connection breaks, and that
 * is no second file. It is judged by S3's digests alone, by two HeadObject if the sizes are the same. What is not shown, or can't be asked
 * for, is false: then the version is a duplicate as any other.
 */
export async function hasClaimedBytes(
  objects: Pick<ObjectStore, 'head'>,
  { key, versionId, sizeBytes }: ObjectCreated,
  upload: Upload,
): Promise<boolean> {
  const { claimed, acceptedVersionId } = upload;
  if (!claimed || claimed.sizeBytes !== sizeBytes) return false;
  const ofClaimed = async () =>
    (await objects.head(key, claimed.versionId)) ??
    (acceptedVersionId === undefined ? undefined : objects.head(acceptedKeyOf(key), acceptedVersionId));
  try {
    const [version, original] = await Promise.all([objects.head(key, versionId), ofClaimed()]);
    return version !== undefined && original !== undefined && haveProvenBytes(version, original);
  } catch {
    return false;
  }
}

function haveProvenBytes(one: VersionDescription, other: VersionDescription): boolean {
  const common = PROVING_DIGESTS.filter(
    (name) => one.digests[name] !== undefined && other.digests[name] !== undefined,
  );
  return common.length > 0 && common.every((name) => one.digests[name] === other.digests[name]);
}
