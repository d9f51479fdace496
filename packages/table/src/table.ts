/** What the partition key of a table is called. The sort key is called `item` in every table. */
export type PartitionKey<Key> = Exclude<keyof Key & string, 'item'>;

type AttributeName<Item> = Item extends unknown ? keyof Item & string : never;
type AttributeValue<Item, Name> = Item extends unknown
  ? Name extends keyof Item
    ? Exclude<Item[Name], undefined>
    : never
  : never;

/** A comparison with one attribute of an item. */
export type Condition<Item> = {
  readonly attribute: AttributeName<Item>;
  /** The condition also holds where the attribute, or the item, does not exist. */
  readonly orAbsent?: true;
} & (
  | { readonly equals: string | number | boolean | readonly string[] }
  | { readonly in: readonly string[] }
  | { readonly below: string | number }
  | { readonly atMost: string | number }
  /** For a set. A set that does not exist has no members. */
  | { readonly fewerMembersThan: number }
  | { readonly absent: true }
);

/** A conditional update of one item: if all conditions hold, all parts are written at once; otherwise nothing changes. */
export interface Change<Key, Item> {
  readonly when: readonly Condition<Item>[];
  readonly set: {
    readonly [Name in Exclude<AttributeName<Item>, keyof Key>]?: AttributeValue<Item, Name>;
  };
  readonly remove?: readonly Exclude<AttributeName<Item>, keyof Key>[];
  /** Added to a number. A number that does not exist is 0. */
  readonly add?: { readonly [Name in AttributeName<Item>]?: number };
  /** Put into a set of strings, which is made if it does not exist. */
  readonly include?: { readonly [Name in AttributeName<Item>]?: string };
  /** Whether the update makes an item that does not exist. The default is false: nothing happens then. */
  readonly orCreate?: boolean;
}

/** What an update came to. If it was not written, `item` is the item for which a condition does not hold, as it was at that moment. */
export type Updated<Item> =
  | { readonly isWritten: true; readonly item: Item }
  /** Undefined: there is no such item, or a stand-in for DynamoDB did not return it. Only a read can tell. */
  | { readonly isWritten: false; readonly item: Item | undefined };

interface PutOptions<Item> {
  /** The put replaces an item for which any of these conditions holds. */
  readonly orReplace?: readonly Condition<Item>[];
  /**
   * Called once, when the write is ready to be sent: an item that can't be written never gets there. If it rejects, nothing is
   * written, and the put rejects with the same error.
   */
  readonly beforeWrite?: (() => Promise<void>) | undefined;
}

/** An item in the form in which it is written. */
export interface PreparedItem {
  readonly prepared: unknown;
}

/** The table refused the whole request for what is in it. Nothing was written. */
export class ItemsRefused extends Error {
  readonly code = 'ItemsRefused';
}

/**
 * A table with a partition key and the sort key `item`. `Item` is the union of what lies in it.
 *
 * Each method is one call to DynamoDB, or one for each page. Every write is atomic on one item. A method that rejects may have
 * taken effect or not. Every read is strongly consistent.
 */
export interface Table<Key, Item extends Key> {
  get(key: Key): Promise<Item | undefined>;

  /** False: there is an item under that key, and no condition of `orReplace` holds for it. Nothing was changed. */
  putIfAbsent(item: Item, options?: PutOptions<Item>): Promise<boolean>;

  /** @throws the error of an item that can't be written */
  prepare(item: Item): PreparedItem;

  /**
   * Writes 1 to 25 items, each whole or not at all, whatever is there under its key. It is **sent once**: a repeated write could come
   * late, and take an item back to what it was.
   * @returns those that the table had no capacity for, which were not written
   * @throws ItemsRefused. After any other error each item may have been written or not.
   */
  putAll(items: readonly PreparedItem[]): Promise<readonly PreparedItem[]>;

  /** The item as the write left it. Not written: a condition does not hold, or there is no such item. Nothing was changed. */
  update(key: Key, change: Change<Key, Item>): Promise<Updated<Item>>;

  /** False: a condition does not hold. Nothing was changed. To delete an item that does not exist is no error. */
  delete(key: Key, when?: readonly Condition<Item>[]): Promise<boolean>;

  /** All items of one partition, all pages, by sort key. */
  query(partition: string): Promise<Item[]>;

  /**
   * The last items of one partition by sort key, the last first: at most `most`, and one page.
   * @param before only those whose sort key is below it
   */
  queryLast(partition: string, most: number, before?: string): Promise<Item[]>;

  /** The existing items of 1 to 100 different keys, in no order, and the keys that the table had no capacity for. */
  getSome(
    keys: readonly Key[],
  ): Promise<{ readonly items: readonly Item[]; readonly unread: readonly Key[] }>;

  /**
   * All items for which all conditions hold, page by page, in the table's own order. It reads the whole table, and asks for a page
   * when the page before it was taken. What is written before a page is read is in that page, or in one that belongs to it.
   */
  scan(where?: readonly Condition<Item>[]): AsyncIterable<readonly Item[]>;

  /** Resolves when the table responds to a read. */
  ping(signal?: AbortSignal): Promise<void>;
}
