import type * as table from '@upload-once/table';
import type { Item } from '../domain/item.ts';
import type { ItemKey } from '../domain/item-key.ts';

/** What the upload store needs of a table. */
export type ItemTable = table.Table<ItemKey, Item>;
export type Change = table.Change<ItemKey, Item>;
export type Condition = table.Condition<Item>;
