import {
  acceptedKeyOf,
  type Link,
  type LinkStore,
  type UploadRecord,
  type UploadRecords,
  type UploadStore,
  uploadKeyOfId,
} from '@upload-once/uploads';
import { CursorGone, type LinkFacts, type UploadSource } from '../ports.ts';

/** More versions of one key are on record only if KEPT_DUPLICATES is raised. */
const MOST_VERSIONS = 200;
/** Tabs and reloads each begin one; the oldest goes. */
const MOST_CURSORS = 4;

/** Uploads in the table. */
export function createTableUploads(options: {
  readonly tableName: string;
  readonly store: Pick<UploadStore, 'getWithObservedVersions' | 'listObservedVersions'>;
  readonly links: Pick<LinkStore, 'get'>;
  readonly records: Pick<UploadRecords, 'pages'>;
  readonly newId: () => string;
}): UploadSource {
  const { tableName, store, links, records, newId } = options;
  const cursors = new Map<string, AsyncIterator<readonly UploadRecord[]>>();

  return {
    name: tableName,

    async byId(uploadId) {
      const key = uploadKeyOfId(uploadId);
      const [found, underAccepted, linked] = await Promise.all([
        store.getWithObservedVersions(key, MOST_VERSIONS),
        store.listObservedVersions(acceptedKeyOf(key)),
        links.get(key),
      ]);
      const observed = found?.observedVersions ?? (await store.listObservedVersions(key));
      return {
        upload: found?.upload,
        observedVersions: [...observed, ...underAccepted],
        tallies: found?.tallies ?? [],
        link: linked && factsOf(linked.link),
      };
    },

    async page(cursor) {
      const pages = cursor === undefined ? records.pages()[Symbol.asyncIterator]() : cursors.get(cursor);
      if (!pages) throw new CursorGone('this list is no longer there: begin again with its first page');
      if (cursor !== undefined) cursors.delete(cursor);
      const { value = [], done } = await pages.next();
      const next = done ? undefined : newId();
      if (next !== undefined) cursors.set(next, pages);
      const [oldest] = cursors.keys();
      if (cursors.size > MOST_CURSORS && oldest !== undefined) cursors.delete(oldest);
      const page = value as readonly UploadRecord[];
      return {
        uploads: page.flatMap((record) => ('upload' in record ? record.upload : [])),
        observedVersions: page.flatMap((record) =>
          'observedVersion' in record ? record.observedVersion : [],
        ),
        next,
      };
    },
  };
}

/** All but the secret's hash. */
function factsOf({
  apiKeyId,
  createdAt,
  title,
  message,
  from,
  contentTypes,
  language,
  returnUrl,
}: Link): LinkFacts {
  return {
    apiKeyId,
    createdAt,
    ...(title !== undefined && { title }),
    ...(message !== undefined && { message }),
    ...(from !== undefined && { from }),
    ...(contentTypes !== undefined && { contentTypes }),
    ...(language !== undefined && { language }),
    ...(returnUrl !== undefined && { returnUrl }),
  };
}
