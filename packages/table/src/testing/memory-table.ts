import { isDeepStrictEqual } from 'node:util';
import type { Change, Condition, PartitionKey, Table, Updated } from '../table.ts';
import { type Faults, noFaults } from './faults.ts';

interface MemoryTableOptions<Key, Item> {
  readonly partitionKey: PartitionKey<Key>;
  readonly faults?: Faults | undefined;
  /** Called with every item as a write leaves it, like the table's stream. It is not called for deletions. */
  readonly stream?: ((item: Item) => void) | undefined;
}

interface MemoryTable<Key, Item extends Key> extends Table<Key, Item> {
  /** The same table at the end of another way: each caller meets faults of its own. */
  over(faults: Faults): Table<Key, Item>;
}

/** DynamoDB ends a page at 1 MB. Here a page ends after this many items, so that a test need not write 1 MB. */
const SCAN_PAGE_ITEMS = 10;

type Attributes = Readonly<Record<string, unknown>>;

/** The fake of a table in memory, with faults on command in the place of a network. */
export function createMemoryTable<Key extends object, Item extends Key>(
  options: MemoryTableOptions<Key, Item>,
): MemoryTable<Key, Item> {
  const { partitionKey, faults = noFaults, stream } = options;
  const items = new Map<string, Item>();

  const partitionOf = (key: Key) => String((key as Attributes)[partitionKey]);
  const sortKeyOf = (key: Key) => String((key as Attributes)['item']);
  const placeOf = (key: Key) => `${partitionOf(key)}\0${sortKeyOf(key)}`;

  function put(item: Item): void {
    items.set(placeOf(item), structuredClone(item));
    stream?.(structuredClone(item));
  }

  function inOrder(partition: string): Item[] {
    return [...items.values()]
      .filter((item) => partitionOf(item) === partition)
      .sort((a, b) => compareBytes(sortKeyOf(a), sortKeyOf(b)));
  }

  function over({ carry }: Faults): Table<Key, Item> {
    function call<T>(operation: keyof Table<Key, Item>, key: string, act: () => T): Promise<T> {
      return carry({ operation, key }, () => structuredClone(act()));
    }

    return {
      get: (key) => call('get', partitionOf(key), () => items.get(placeOf(key))),

      async putIfAbsent(item, { orReplace = [], beforeWrite } = {}) {
        const written = structuredClone(item);
        await beforeWrite?.();
        return call('putIfAbsent', partitionOf(item), () => {
          const found = items.get(placeOf(item));
          if (found && !orReplace.some((condition) => holds(found, condition))) return false;
          put(written);
          return true;
        });
      },

      prepare: (item) => ({ prepared: structuredClone(item) }),

      putAll: (written) =>
        call('putAll', '', () => {
          for (const { prepared } of written) put(prepared as Item);
          return [];
        }),

      update: (key, change) =>
        call('update', partitionOf(key), (): Updated<Item> => {
          const found = items.get(placeOf(key));
          const item = found ?? (change.orCreate ? (key as Item) : undefined);
          if (!item || !change.when.every((condition) => holds(item, condition)))
            return { isWritten: false, item: found };
          const updated = changed(item, change);
          put(updated);
          return { isWritten: true, item: updated };
        }),

      delete: (key, when = []) =>
        call('delete', partitionOf(key), () => {
          const item = items.get(placeOf(key)) ?? key;
          if (!when.every((condition) => holds(item, condition))) return false;
          items.delete(placeOf(key));
          return true;
        }),

      query: (partition) => call('query', partition, () => inOrder(partition)),

      queryLast: (partition, most, before) =>
        call('queryLast', partition, () =>
          inOrder(partition)
            .filter((item) => before === undefined || compareBytes(sortKeyOf(item), before) < 0)
            .toReversed()
            .slice(0, most),
        ),

      getSome: (keys) =>
        call('getSome', '', () => ({
          items: keys.flatMap((key) => items.get(placeOf(key)) ?? []),
          unread: [],
        })),

      async *scan(where = []) {
        let last: string | undefined = '';
        while (last !== undefined) {
          const after: string = last;
          const page = await call('scan', '', () => {
            const places = [...items.keys()].filter((place) => place > after).sort();
            const read = places.slice(0, SCAN_PAGE_ITEMS);
            const found = read.flatMap((place) => items.get(place) ?? []);
            return {
              items: found.filter((item) => where.every((condition) => holds(item, condition))),
              last: read.length < places.length ? read.at(-1) : undefined,
            };
          });
          yield page.items;
          last = page.last;
        }
      },

      ping: () => call('ping', '', () => undefined),
    };
  }

  return { ...over(faults), over };
}

function changed<Key, Item>(
  item: Item,
  { set, remove = [], add = {}, include = {} }: Change<Key, Item>,
): Item {
  const before = item as Attributes;
  const after: Record<string, unknown> = { ...before, ...set };
  for (const [name, count] of Object.entries(add)) after[name] = Number(before[name] ?? 0) + Number(count);
  for (const [name, member] of Object.entries(include)) {
    after[name] = new Set([...((before[name] as ReadonlySet<string> | undefined) ?? []), member]);
  }
  for (const name of remove) delete after[name];
  return after as Item;
}

function holds<Item>(item: object, condition: Condition<Item>): boolean {
  const value = (item as Attributes)[condition.attribute];
  if ('absent' in condition) return value === undefined;
  if ('fewerMembersThan' in condition)
    return ((value as ReadonlySet<string> | undefined)?.size ?? 0) < condition.fewerMembersThan;
  if (value === undefined) return condition.orAbsent === true;
  if ('in' in condition) return condition.in.includes(value as string);
  if ('equals' in condition) return isDeepStrictEqual(value, condition.equals);
  // Values of different types compare as false.
  if ('below' in condition)
    return typeof value === typeof condition.below && (value as string) < (condition.below as string);
  return typeof value === typeof condition.atMost && (value as string) <= (condition.atMost as string);
}

/** DynamoDB orders strings by the bytes of their UTF-8. */
function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
