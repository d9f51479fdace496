import { assertSupported } from '@upload-once/table';
import { uploadIdOf } from '@upload-once/text/upload-id';
import type { ItemKey } from './item-key.ts';
import type { Link, NewLink } from './link.ts';

const SCHEMA_VERSION = 1;
/** Its name sorts before the upload's. */
const LINK_ITEM = 'link';
const INDEX_PREFIX = 'links#';

/** A link, in the partition of its upload, and in an item of its own: texts are long, and a write unit of DynamoDB is 1 kB. */
export interface LinkItem extends ItemKey {
  readonly schemaVersion: number;
  readonly apiKeyId: string;
  readonly createdAt: string;
  readonly secretSha256: string;
  readonly deleteAt: number;
  readonly writer: string;
  readonly contentTypes?: readonly string[];
  readonly title?: string;
  readonly message?: string;
  readonly from?: string;
  readonly returnUrl?: string;
  readonly language?: string;
}

/** That an API key has a link. One partition has all links of a key, by the time of their creation. */
export interface LinkIndexItem extends ItemKey {
  readonly schemaVersion: number;
  readonly deleteAt: number;
}

export function linkItemKey(key: string): ItemKey {
  return { FullFilename: key, item: LINK_ITEM };
}

export function linkIndexPartition(apiKeyId: string): string {
  return `${INDEX_PREFIX}${apiKeyId}`;
}

export function linkIndexItemKey({ key, apiKeyId, createdAt }: Pick<Link, 'key' | 'apiKeyId' | 'createdAt'>) {
  return {
    FullFilename: linkIndexPartition(apiKeyId),
    item: `${createdAt.toISOString()}#${uploadIdOf(key)}`,
  };
}

/** The upload's id that the sort key of an index item ends with. */
export function uploadIdOfIndexed(item: string): string {
  return item.slice(item.indexOf('#') + 1);
}

/** Whether an item is of a link, and neither of an upload nor of what came under its key. */
export function isOfLink({ FullFilename, item }: ItemKey): boolean {
  return item === LINK_ITEM || FullFilename.startsWith(INDEX_PREFIX);
}

export function linkItem(link: NewLink, deleteAt: number, writer: string): LinkItem {
  const { key, expiresAt, createdAt, ...facts } = link;
  return {
    ...linkItemKey(key),
    ...facts,
    createdAt: createdAt.toISOString(),
    schemaVersion: SCHEMA_VERSION,
    deleteAt,
    writer,
  };
}

export function linkIndexItem(link: NewLink, deleteAt: number): LinkIndexItem {
  return { ...linkIndexItemKey(link), schemaVersion: SCHEMA_VERSION, deleteAt };
}

/** @throws UnsupportedSchemaVersion */
export function toLink(item: LinkItem): Link {
  assertSupported(item, SCHEMA_VERSION, `item ${item.item} of ${item.FullFilename}`);
  const { FullFilename, item: _name, schemaVersion, deleteAt, writer, createdAt, ...facts } = item;
  return { key: FullFilename, createdAt: new Date(createdAt), ...facts };
}
