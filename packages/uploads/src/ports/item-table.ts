import type {
  Item,
  ItemKey,
  ObservedVersionItem,
  RepairItem,
  TallyItem,
  UploadItem,
} from '../domain/item.ts';

type Attributes = Omit<UploadItem & Pick<ObservedVersionItem, 'reported' | 'kind'>, keyof ItemKey> &
  Required<Omit<TallyItem, keyof ItemKey>> &
  Omit<RepairItem, keyof ItemKey>;
export type AttributeName = keyof Attributes;

/** One comparison that has to hold for a write to take effect. */
export type Condition =
  | { readonly attribute: AttributeName; readonly equals: string | number }
  | { readonly attribute: AttributeName; readonly below: string | number }
  | { readonly attribute: AttributeName; readonly absent: true }
  /** An attribute that is not there holds too. */
  | { readonly attribute: AttributeName; readonly notAtLeast: number }
  /** Of a set; one that is not there has no members. */
  | { readonly attribute: 'kept'; readonly fewerMembersThan: number };

/** A conditional update of one item: all conditions hold → everything is written, at once; else nothing happens. */
export interface Change {
  readonly when: readonly Condition[];
  readonly set: Partial<Attributes>;
  /** Added to a number; one that is not there is 0. */
  readonly add?: { readonly surplus: number };
  /** Put into a set, which is made where it is not there. */
  readonly include?: { readonly kept: string };
  /** Whether the item is made where it is not there; without it nothing happens then. */
  readonly orCreate?: boolean;
}

/**
 * What the upload store needs of a table, one method a call to DynamoDB. Every method is atomic on one item; one
 * that rejects may have taken effect or not.
 */
export interface ItemTable {
  /** Strongly consistent. */
  get(key: ItemKey): Promise<Item | undefined>;
  /**
   * False: there is an item under that key already; nothing was changed.
   * @param beforeWrite see `UploadStore.issue`
   */
  putIfAbsent(item: Item, beforeWrite?: () => Promise<void>): Promise<boolean>;
  /** The item as the write left it. Undefined: a condition did not hold, or there is no such item; nothing was changed. */
  update(key: ItemKey, change: Change): Promise<Item | undefined>;
  /** All items of one partition, all pages, by sort key; strongly consistent. */
  query(fullFilename: string): Promise<Item[]>;
  /** The last items of one partition by sort key, the last first, at most so many and one page; strongly consistent. */
  queryLast(fullFilename: string, most: number): Promise<Item[]>;
  /** Those items of 1 to 100 different keys that are there, in no order, and the keys that the table had no time for; strongly consistent. */
  getSome(
    keys: readonly ItemKey[],
  ): Promise<{ readonly items: readonly Item[]; readonly unread: readonly ItemKey[] }>;
  /**
   * One page of all items, in the table's own order, behind the item with the key `after`; without `next` it is the last.
   * Strongly consistent: what was written before the page was asked for is in this page, or in one that belongs to it.
   */
  scan(after?: ItemKey): Promise<{ readonly items: readonly Item[]; readonly next?: ItemKey }>;
  ping(signal?: AbortSignal): Promise<void>;
}
