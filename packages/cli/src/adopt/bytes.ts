import { createHash } from 'node:crypto';
import type { ObjectStore, StoredVersion, VersionDescription } from '@upload-once/uploads';

/** What is known of the bytes of versions, by reading them. */
export interface Bytes {
  isThere(version: StoredVersion): Promise<boolean>;
  /** @throws VersionGone */
  describe(version: StoredVersion): Promise<VersionDescription>;
  /** In hexadecimal digits. @throws VersionGone */
  sha256Of(version: StoredVersion): Promise<string>;
  areSame(one: StoredVersion, other: StoredVersion): Promise<boolean>;
}

/** A version was removed while it was looked at. */
export class VersionGone extends Error {
  readonly code = 'VersionGone';
}

export function createBytes(objects: Pick<ObjectStore, 'head' | 'open'>): Bytes {
  const gone = ({ key, versionId }: StoredVersion) =>
    new VersionGone(`version ${versionId} of ${key} is not there (any more)`);

  async function sha256Of(version: StoredVersion): Promise<string> {
    const opened = await objects.open(version.key, version.versionId);
    if (!opened) throw gone(version);
    const hash = createHash('sha256');
    for await (const chunk of opened.body) hash.update(chunk);
    return hash.digest('hex');
  }

  return {
    isThere: async ({ key, versionId }) => (await objects.head(key, versionId)) !== undefined,

    async describe(version) {
      const description = await objects.head(version.key, version.versionId);
      if (!description) throw gone(version);
      return description;
    },

    sha256Of,

    async areSame(one, other) {
      if (one.sizeBytes !== other.sizeBytes) return false;
      return (await sha256Of(one)) === (await sha256Of(other));
    },
  };
}
