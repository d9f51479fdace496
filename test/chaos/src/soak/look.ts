import { createHash } from 'node:crypto';
import { acceptedKeyOf, type ObjectListing, type ObjectStore, type UploadStore } from '@upload-once/uploads';
import type { Found } from './findings.ts';
import type { Entry } from './ledger.ts';

/** More than the load makes under one key. */
const OBSERVED_VERSIONS_MAX = 100;

/** Table and bucket, reached by a way on which nothing is faulty. */
export interface Cloud {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly listing: ObjectListing;
}

/** Looks up what became of one key. */
export async function lookUp({ key }: Entry, { uploads, listing }: Cloud): Promise<Found> {
  const [recorded, acceptedVersionIds, uploadVersionIds] = await Promise.all([
    uploads.getWithObservedVersions(key, OBSERVED_VERSIONS_MAX),
    versionIdsOf(acceptedKeyOf(key), listing),
    versionIdsOf(key, listing),
  ]);
  return {
    upload: recorded?.upload,
    observedVersions: recorded?.observedVersions ?? [],
    acceptedVersionIds,
    uploadVersionIds,
  };
}

async function versionIdsOf(key: string, listing: ObjectListing): Promise<string[]> {
  const versions = (await Array.fromAsync(listing.pages(key))).flat();
  return versions.filter((version) => version.key === key).map(({ versionId }) => versionId);
}

/** The SHA-256 of the accepted object's bytes, as S3 gives them; undefined when it is not there. */
export async function hashAccepted(
  { key }: Entry,
  acceptedVersionId: string,
  { objects }: Cloud,
): Promise<string | undefined> {
  const object = await objects.open(acceptedKeyOf(key), acceptedVersionId);
  if (!object) return undefined;
  const sha256 = createHash('sha256');
  for await (const chunk of object.body) sha256.update(chunk);
  return sha256.digest('hex');
}

/** Removes what was looked at, so that the disk holds only what is under way: as a user may, and as the lifecycle does. */
export async function evict(entry: Entry, found: Found, { objects }: Cloud): Promise<void> {
  const acceptedKey = acceptedKeyOf(entry.key);
  entry.isEvicted = true;
  await Promise.all([
    ...found.acceptedVersionIds.map((versionId) => objects.deleteVersion(acceptedKey, versionId)),
    ...found.uploadVersionIds.map((versionId) => objects.deleteVersion(entry.key, versionId)),
  ]);
}
