import { type Clock, pause, systemClock } from '@upload-once/clock';
import type { PartitionKey, Table } from './table.ts';

/** Amazon DynamoDB API Reference, "BatchGetItem". It also responds with 16 MB at most: what is beyond that comes with the next attempt. */
const MOST_KEYS = 100;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 50;

export interface GroupedReadsOptions {
  readonly clock?: Pick<Clock, 'after'>;
  /** 0 to below 1. */
  readonly random?: () => number;
  /** Calls back once everything that is due now has run. */
  readonly nextTurn?: (callback: () => void) => void;
}

/** The table had no capacity for an item, several times in a row. */
class ItemUnread extends Error {
  readonly code = 'ItemUnread';
}

interface Read<Key, Item> {
  readonly key: Key;
  readonly readers: PromiseWithResolvers<Item | undefined>[];
}

/**
 * The same table, but what `get` is asked for in one turn of the event loop is read in one call, each key once. A `get` alone stays what it
 * is. If the call fails, each `get` in it rejects with the call's error. Keys that the table had no capacity for are read again after a
 * growing, jittered wait; the others do not wait for them.
 */
export function groupReads<Key extends object, Item extends Key>(
  table: Table<Key, Item>,
  partitionKey: PartitionKey<Key>,
  { clock = systemClock, random = Math.random, nextTurn = setImmediate }: GroupedReadsOptions = {},
): Table<Key, Item> {
  const waiting = new Map<string, Read<Key, Item>>();

  function placeOf(key: Key): string {
    const attributes = key as Readonly<Record<string, unknown>>;
    return JSON.stringify([attributes[partitionKey], attributes['item']]);
  }

  function readWaiting(): void {
    const reads = [...waiting.values()];
    waiting.clear();
    for (let at = 0; at < reads.length; at += MOST_KEYS) void readAll(reads.slice(at, at + MOST_KEYS));
  }

  async function readAll(reads: readonly Read<Key, Item>[]): Promise<void> {
    let unread = reads;
    try {
      for (let attempt = 1; ; attempt += 1) {
        unread = await readOnce(unread);
        if (unread.length === 0) return;
        if (attempt === ATTEMPTS)
          throw new ItemUnread(`the table had no capacity, ${attempt} times in a row`);
        await pause(clock, FIRST_WAIT_MS * 3 ** (attempt - 1) * (0.5 + random()));
      }
    } catch (error) {
      for (const { readers } of unread) for (const { reject } of readers) reject(error);
    }
  }

  /** Those that the table had no capacity for. */
  async function readOnce(reads: readonly Read<Key, Item>[]): Promise<readonly Read<Key, Item>[]> {
    const { items, unread } = await read(reads.map(({ key }) => key));
    const found = new Map(items.map((item) => [placeOf(item), item]));
    const places = new Set(unread.map(placeOf));
    const isUnread = ({ key }: Read<Key, Item>) => places.has(placeOf(key));
    for (const { key, readers } of reads.filter((each) => !isUnread(each))) {
      for (const { resolve } of readers) resolve(structuredClone(found.get(placeOf(key))));
    }
    return reads.filter(isUnread);
  }

  async function read(keys: readonly Key[]): ReturnType<Table<Key, Item>['getSome']> {
    const [key, ...others] = keys;
    if (!key || others.length > 0) return table.getSome(keys);
    const item = await table.get(key);
    return { items: item ? [item] : [], unread: [] };
  }

  return {
    ...table,
    get(key) {
      const place = placeOf(key);
      const read: Read<Key, Item> = waiting.get(place) ?? { key, readers: [] };
      const reader = Promise.withResolvers<Item | undefined>();
      read.readers.push(reader);
      if (waiting.size === 0) nextTurn(readWaiting);
      waiting.set(place, read);
      return reader.promise;
    },
  };
}
