import { type GroupedReadsOptions, groupReads } from '@upload-once/table';
import { createMemoryTable, type Faults } from '@upload-once/table/testing';
import { createGroupedIssue } from '../domain/grouped-issue.ts';
import type { Item } from '../domain/item.ts';
import { type ItemKey, PARTITION_KEY } from '../domain/item-key.ts';
import { createTableLinkStore } from '../domain/table-link-store.ts';
import { createTableUploadRecords } from '../domain/table-upload-records.ts';
import { createTableUploadStore } from '../domain/table-upload-store.ts';
import type { IssuedUploads } from '../ports/issued-uploads.ts';
import type { LinkStore } from '../ports/link-store.ts';
import type { UploadRecords } from '../ports/upload-records.ts';
import type { UploadStore } from '../ports/upload-store.ts';

export interface MemoryUploadStoreOptions {
  readonly now: () => Date;
  readonly newToken: () => string;
  readonly recordRetentionSeconds: number;
  readonly faults?: Faults;
  /** Called with every item as a write leaves it, like the table's stream. */
  readonly stream?: (item: Item) => void;
}

export interface MemoryUploadStore extends UploadStore {
  /**
   * The same table at the end of another way: each caller meets faults of its own.
   * @param reads if it is given, items that are read in one turn are read together
   */
  over(faults: Faults, reads?: GroupedReadsOptions): UploadStore;
  /** The same table for those who issue. */
  readonly issued: IssuedUploads;
  /** The same table for links. */
  readonly links: LinkStore;
  /** The same table for an operator's eyes. */
  readonly records: UploadRecords;
}

/** The fake of the table in memory: the same store, with faults on command in the place of a network. */
export function createMemoryUploadStore(options: MemoryUploadStoreOptions): MemoryUploadStore {
  const { faults, stream } = options;
  const table = createMemoryTable<ItemKey, Item>({ partitionKey: PARTITION_KEY, faults, stream });
  return {
    ...createTableUploadStore({ ...options, table }),
    over(way, reads) {
      const other = table.over(way);
      return createTableUploadStore({
        ...options,
        table: reads ? groupReads(other, PARTITION_KEY, reads) : other,
      });
    },
    issued: createGroupedIssue({ ...options, table }),
    links: createTableLinkStore({ ...options, table: groupReads(table, PARTITION_KEY) }),
    records: createTableUploadRecords({ ...options, table, pause: async () => undefined }),
  };
}
