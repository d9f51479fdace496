import type { Item, ItemKey, TallyItem } from '../domain/item.ts';
import { createTableUploadRecords } from '../domain/table-upload-records.ts';
import { createTableUploadStore } from '../domain/table-upload-store.ts';
import type { Change, ItemTable } from '../ports/item-table.ts';
import type { UploadRecords } from '../ports/upload-records.ts';
import type { UploadStore } from '../ports/upload-store.ts';
import { type Faults, noFaults } from './faults.ts';

export interface MemoryUploadStoreOptions {
  readonly now: () => Date;
  readonly newToken: () => string;
  readonly recordRetentionSeconds: number;
  readonly faults?: Faults;
  /** Told of every item as a write leaves it: what the table's stream would tell. */
  readonly stream?: (item: Item) => void;
}

/** DynamoDB ends a page at 1 MB; here it ends after so many items, so that a test need not be that large. */
const SCAN_PAGE_ITEMS = 10;

export interface MemoryUploadStore extends UploadStore {
  /** The same table at the end of another way: each caller meets faults of its own. */
  over(faults: Faults): UploadStore;
  /** The same table for an operator's eyes. */
  readonly records: UploadRecords;
}

/** The fake of the table in memory: the same store, with faults on command in the place of a network. */
export function createMemoryUploadStore(options: MemoryUploadStoreOptions): MemoryUploadStore {
  const partitions: Partitions = new Map();
  const over = (faults: Faults) =>
    createTableUploadStore({ ...options, table: memoryItemTable(partitions, faults, options.stream) });
  const faults = options.faults ?? noFaults;
  const records = createTableUploadRecords({
    ...options,
    table: memoryItemTable(partitions, faults, options.stream),
    pause: async () => undefined,
  });
  return { ...over(faults), over, records };
}

type Partitions = Map<string, Map<string, Item>>;

function memoryItemTable(
  partitions: Partitions,
  { carry }: Faults,
  stream: ((item: Item) => void) | undefined,
): ItemTable {
  const find = (key: ItemKey) => partitions.get(key.FullFilename)?.get(key.item);

  function put(item: Item): void {
    const partition = partitions.get(item.FullFilename) ?? new Map<string, Item>();
    partitions.set(item.FullFilename, partition.set(item.item, structuredClone(item)));
    stream?.(structuredClone(item));
  }

  function inOrder(fullFilename: string): Item[] {
    const items = [...(partitions.get(fullFilename)?.values() ?? [])];
    return items.sort((a, b) => Buffer.compare(Buffer.from(a.item), Buffer.from(b.item)));
  }

  function call<T>(operation: keyof ItemTable, key: string, act: () => T): Promise<T> {
    return carry({ operation, key }, () => structuredClone(act()));
  }

  return {
    get: (key) => call('get', key.FullFilename, () => find(key)),

    async putIfAbsent(item, beforeWrite) {
      const written = structuredClone(item);
      await beforeWrite?.();
      return call('putIfAbsent', item.FullFilename, () => {
        if (find(item)) return false;
        put(written);
        return true;
      });
    },

    update: (key, change) =>
      call('update', key.FullFilename, () => {
        const item = find(key) ?? (change.orCreate ? (key as Item) : undefined);
        if (!item || !holds(item, change)) return undefined;
        const { surplus = 0, kept = new Set<string>() } = item as TallyItem;
        const updated = {
          ...item,
          ...change.set,
          ...(change.add && { surplus: surplus + change.add.surplus }),
          ...(change.include && { kept: new Set([...kept, change.include.kept]) }),
        } as Item;
        put(updated);
        return updated;
      }),

    query: (fullFilename) => call('query', fullFilename, () => inOrder(fullFilename)),

    queryLast: (fullFilename, most) =>
      call('queryLast', fullFilename, () => inOrder(fullFilename).toReversed().slice(0, most)),

    getSome: (keys) =>
      call('getSome', '', () => ({ items: keys.flatMap((key) => find(key) ?? []), unread: [] })),

    scan: (after) =>
      call('scan', '', () => {
        const items = [...partitions.values()].flatMap((partition) => [...partition.values()]);
        const isAfter = (item: Item) => item.FullFilename === after?.FullFilename && item.item === after.item;
        const from = after === undefined ? 0 : items.findIndex(isAfter) + 1;
        const page = items.slice(from, from + SCAN_PAGE_ITEMS);
        const last = page.at(-1);
        const isLastPage = from + SCAN_PAGE_ITEMS >= items.length;
        return { items: page, ...(last && !isLastPage && { next: keyOf(last) }) };
      }),

    ping: () => call('ping', '', () => undefined),
  };
}

function keyOf({ FullFilename, item }: Item): ItemKey {
  return { FullFilename, item };
}

function holds(item: Item, change: Change): boolean {
  const attributes: Partial<Record<string, unknown>> = { ...item };
  return change.when.every((condition) => {
    const value = attributes[condition.attribute];
    if ('below' in condition)
      return typeof value === typeof condition.below && (value as string) < (condition.below as string);
    if ('absent' in condition) return value === undefined;
    if ('notAtLeast' in condition) return value === undefined || (value as number) < condition.notAtLeast;
    if ('fewerMembersThan' in condition)
      return ((value as ReadonlySet<string>)?.size ?? 0) < condition.fewerMembersThan;
    return value === condition.equals;
  });
}
