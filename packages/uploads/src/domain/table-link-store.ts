import { uploadKeyOfId } from '@upload-once/text/upload-id';
import type { ItemTable } from '../ports/item-table.ts';
import type { LinkStore } from '../ports/link-store.ts';
import { toUpload, type UploadItem, uploadItemKey } from './item.ts';
import type { LinkedUpload, LinkTexts, NewLink } from './link.ts';
import {
  type LinkItem,
  linkIndexItem,
  linkIndexItemKey,
  linkIndexPartition,
  linkItem,
  linkItemKey,
  toLink,
  uploadIdOfIndexed,
} from './link-item.ts';
import { keepUntil, recordClick } from './transitions.ts';

export interface TableLinkStoreOptions {
  /** What is read in one turn should be one call: see `groupReads`. */
  readonly table: ItemTable;
  /** A value that no other write has: its writer's token. */
  readonly newToken: () => string;
  /** See `TableUploadStoreOptions`. */
  readonly recordRetentionSeconds: number;
}

/** Others change a link a few times in its life: one that changes again and again at the same moment is an error. */
const ATTEMPTS = 5;

type LinkChange = Pick<LinkItem, 'secretSha256'> | Pick<LinkTexts, 'title' | 'message'>;

/** The link store over any table that can write conditionally. */
export function createTableLinkStore(options: TableLinkStoreOptions): LinkStore {
  const { table, newToken, recordRetentionSeconds } = options;

  function deleteAtOf(expiresAt: Date): number {
    return Math.ceil(expiresAt.getTime() / 1000) + recordRetentionSeconds;
  }

  async function getItem(key: string): Promise<LinkItem | undefined> {
    return (await table.get(linkItemKey(key))) as LinkItem | undefined;
  }

  async function get(key: string): Promise<LinkedUpload | undefined> {
    const [upload, link] = await Promise.all([table.get(uploadItemKey(key)), getItem(key)]);
    return upload && link && { upload: toUpload(upload as UploadItem), link: toLink(link) };
  }

  /**
   * Each write names the one before it, so that a repeated write that comes late takes nothing back.
   * @param writer an earlier attempt of the caller's may have written with it
   * @returns undefined: there is no such link
   */
  async function change(
    key: string,
    changes: LinkChange,
    writer = newToken(),
  ): Promise<LinkItem | undefined> {
    const entries = Object.entries(changes);
    const remove = entries.filter(([, value]) => value === '').map(([name]) => name as keyof LinkTexts);
    const set = Object.fromEntries(entries.filter(([, value]) => value !== ''));
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const found = await getItem(key);
      if (!found || found.writer === writer) return found;
      const { isWritten, item } = await table.update(linkItemKey(key), {
        when: [{ attribute: 'writer', equals: found.writer }],
        set: { ...set, writer },
        ...(remove.length > 0 && { remove }),
      });
      if (isWritten) return item as LinkItem;
    }
    throw new Error(`the link of ${key} was changed by others, ${ATTEMPTS} times in a row`);
  }

  async function recordLink(link: NewLink): Promise<void> {
    const writer = newToken();
    if (await table.putIfAbsent(linkItem(link, deleteAtOf(link.expiresAt), writer))) return;
    await change(link.key, { secretSha256: link.secretSha256 }, writer);
  }

  return {
    get,

    async record(link) {
      // The link comes last: one that works is in the list.
      await table.putIfAbsent(linkIndexItem(link, deleteAtOf(link.expiresAt)));
      await recordLink(link);
    },

    async list(apiKeyId, most, after) {
      const indexed = await table.queryLast(linkIndexPartition(apiKeyId), most, after);
      const names = indexed.map(({ item }) => item);
      const found = await Promise.all(names.map((name) => get(uploadKeyOfId(uploadIdOfIndexed(name)))));
      const next = names.length === most ? names.at(-1) : undefined;
      return { links: found.filter((each) => each !== undefined), ...(next !== undefined && { next }) };
    },

    async changeTexts(key, texts) {
      const changed = await change(key, texts);
      return changed && toLink(changed);
    },

    async recordClick(key, click) {
      await table.update(uploadItemKey(key), recordClick(click));
    },

    async keepUntil(link, expiresAt) {
      const change = keepUntil(deleteAtOf(expiresAt));
      await table.update(linkIndexItemKey(link), change);
      await table.update(linkItemKey(link.key), change);
    },
  };
}
