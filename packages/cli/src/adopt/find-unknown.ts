import {
  ACCEPTED_PREFIX,
  type ObjectListing,
  type StoredVersion,
  UPLOADS_PREFIX,
  type UploadRecords,
  uploadKeyOfAccepted,
} from '@upload-once/uploads';

/**
 * Every version that S3 stored at `since` or later, and that no upload on record has to do with: under `accepted/` those that are not the
 * accepted one, then under `uploads/` those without an upload. What is recorded for the first can change what is found of the second.
 */
export async function* findUnknown(options: {
  readonly listing: Pick<ObjectListing, 'pages'>;
  readonly records: Pick<UploadRecords, 'uploads'>;
  readonly since: Date;
}): AsyncIterable<StoredVersion> {
  const { listing, records, since } = options;
  // S3 lists whole seconds, rounded down.
  const sinceMs = Math.floor(since.getTime() / 1000) * 1000;
  for (const prefix of [ACCEPTED_PREFIX, UPLOADS_PREFIX]) {
    const keyOf = ({ key }: StoredVersion) => (prefix === ACCEPTED_PREFIX ? uploadKeyOfAccepted(key) : key);
    for await (const page of listing.pages(prefix)) {
      const young = page.filter(({ storedAt }) => storedAt.getTime() >= sinceMs);
      const uploads = await records.uploads(young.map(keyOf));
      for (const version of young) {
        const upload = uploads.get(keyOf(version));
        const isKnown =
          prefix === ACCEPTED_PREFIX ? upload?.acceptedVersionId === version.versionId : upload !== undefined;
        if (!isKnown) yield version;
      }
    }
  }
}
