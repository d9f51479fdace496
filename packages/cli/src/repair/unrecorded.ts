import type { ObservedKind, ObservedName, StoredVersion, UploadRecords } from '@upload-once/uploads';

/**
 * Those of these versions that are not on record as an observed version.
 * @param kindsOf as what a version may be on record; none: it can't be
 */
export async function unrecordedOf(
  records: UploadRecords,
  versions: readonly StoredVersion[],
  kindsOf: (version: StoredVersion) => readonly ObservedKind[],
): Promise<StoredVersion[]> {
  const names = versions.flatMap((version): ObservedName[] =>
    kindsOf(version).map((kind) => ({ key: version.key, kind, versionId: version.versionId })),
  );
  const recorded = new Set((await records.observedVersions(names)).map(nameOf));
  return versions.filter((version) => !recorded.has(nameOf(version)));
}

/** No version id holds a line feed. */
function nameOf({ key, versionId }: { readonly key: string; readonly versionId: string }): string {
  return `${versionId}\n${key}`;
}
