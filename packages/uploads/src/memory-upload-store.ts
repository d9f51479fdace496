import { type Faults, noFaults } from './faults.ts';
import type { Item, ItemKey } from './item.ts';
import type { Change, ItemTable } from './item-table.ts';
import { createTableUploadStore } from './table-upload-store.ts';
import type { UploadStore } from './upload-store.ts';

export interface MemoryUploadStoreOptions {
  readonly now: () => Date;
  readonly newToken: () => string;
  readonly tombstoneSeconds: number;
  readonly faults?: Faults;
  /** Told of every item as a write leaves it: what the table's stream would tell. */
  readonly stream?: (item: Item) => void;
}

export interface MemoryUploadStore extends UploadStore {
  /** The same table at the end of another way: each caller meets faults of its own. */
  over(faults: Faults): UploadStore;
}

/** The twin of the table in memory: the same store, with faults on command in the place of a network. */
export function createMemoryUploadStore(options: MemoryUploadStoreOptions): MemoryUploadStore {
  const partitions: Partitions = new Map();
  const over = (faults: Faults) =>
    createTableUploadStore({ ...options, table: memoryItemTable(partitions, faults, options.stream) });
  return { ...over(options.faults ?? noFaults), over };
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

  function call<T>(operation: keyof ItemTable, key: string, act: () => T): Promise<T> {
    return carry({ operation, key }, () => structuredClone(act()));
  }

  return {
    get: (key) => call('get', key.FullFilename, () => find(key)),

    putIfAbsent: (item) =>
      call('putIfAbsent', item.FullFilename, () => {
        if (find(item)) return false;
        put(item);
        return true;
      }),

    update: (key, change) =>
      call('update', key.FullFilename, () => {
        const item = find(key);
        if (!item || !holds(item, change)) return undefined;
        const updated = { ...item, ...change.set } as Item;
        put(updated);
        return updated;
      }),

    query: (fullFilename) =>
      call('query', fullFilename, () => {
        const items = [...(partitions.get(fullFilename)?.values() ?? [])];
        return items.sort((a, b) => Buffer.compare(Buffer.from(a.item), Buffer.from(b.item)));
      }),

    ping: () => call('ping', '', () => undefined),
  };
}

function holds(item: Item, change: Change): boolean {
  const attributes: Partial<Record<string, unknown>> = { ...item };
  return change.when.every((condition) => {
    const value = attributes[condition.attribute];
    if ('below' in condition) return typeof value === 'string' && value < condition.below;
    return value === condition.equals;
  });
}
