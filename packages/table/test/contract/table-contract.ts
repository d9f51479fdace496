import type { Test } from 'tap';
import type { Condition, Table } from '../../src/index.ts';

export interface TestKey {
  readonly id: string;
  readonly item: string;
}

export interface TestItem extends TestKey {
  readonly text?: string;
  readonly other?: string;
  readonly count?: number;
  readonly flag?: boolean;
  readonly list?: readonly string[];
  readonly members?: ReadonlySet<string>;
  readonly map?: Readonly<Record<string, string>>;
}

const KEY = { id: 'a', item: 'x' };

const HELD: readonly (readonly [item: Omit<TestItem, keyof TestKey>, condition: Condition<TestItem>])[] = [
  [{ text: 'b' }, { attribute: 'text', equals: 'b' }],
  [{ count: 2 }, { attribute: 'count', equals: 2 }],
  [{ flag: false }, { attribute: 'flag', equals: false }],
  [{ list: ['p', 'q'] }, { attribute: 'list', equals: ['p', 'q'] }],
  [{ list: [] }, { attribute: 'list', equals: [] }],
  [{ text: 'b' }, { attribute: 'text', in: ['a', 'b'] }],
  [{ count: 2 }, { attribute: 'count', below: 3 }],
  [{ count: 9 }, { attribute: 'count', below: 10 }],
  [{ text: 'b' }, { attribute: 'text', below: 'c' }],
  [{ count: 2 }, { attribute: 'count', atMost: 2 }],
  [{ text: 'b' }, { attribute: 'text', atMost: 'b' }],
  [{ members: new Set(['p']) }, { attribute: 'members', fewerMembersThan: 2 }],
  [{}, { attribute: 'members', fewerMembersThan: 1 }],
  [{}, { attribute: 'text', absent: true }],
  [{}, { attribute: 'text', equals: 'b', orAbsent: true }],
  [{}, { attribute: 'list', equals: ['p'], orAbsent: true }],
  [{}, { attribute: 'text', in: ['b'], orAbsent: true }],
  [{}, { attribute: 'count', below: 1, orAbsent: true }],
  [{}, { attribute: 'count', atMost: 1, orAbsent: true }],
  [{ count: 1 }, { attribute: 'count', atMost: 1, orAbsent: true }],
];

const NOT_HELD: typeof HELD = [
  [{ text: 'b' }, { attribute: 'text', equals: 'c' }],
  [{}, { attribute: 'text', equals: 'b' }],
  [{ count: 2 }, { attribute: 'count', equals: '2' }],
  [{ list: ['p', 'q'] }, { attribute: 'list', equals: ['q', 'p'] }],
  [{ list: ['p', 'q'] }, { attribute: 'list', equals: ['p'] }],
  [{ list: ['p'] }, { attribute: 'list', equals: ['p', 'q'] }],
  [{ text: 'b' }, { attribute: 'text', in: ['a', 'c'] }],
  [{}, { attribute: 'text', in: ['a'] }],
  [{ count: 2 }, { attribute: 'count', below: 2 }],
  [{ text: '1' }, { attribute: 'text', below: 2 }],
  [{}, { attribute: 'count', below: 2 }],
  [{ count: 3 }, { attribute: 'count', atMost: 2 }],
  [{ text: '1' }, { attribute: 'text', atMost: 2 }],
  [{}, { attribute: 'count', atMost: 2 }],
  [{ members: new Set(['p', 'q']) }, { attribute: 'members', fewerMembersThan: 2 }],
  [{ text: 'b' }, { attribute: 'text', absent: true }],
  [{ text: 'b' }, { attribute: 'text', equals: 'c', orAbsent: true }],
  [{ list: ['q'] }, { attribute: 'list', equals: ['p'], orAbsent: true }],
  [{ count: 2 }, { attribute: 'count', atMost: 1, orAbsent: true }],
];

/** What every Table promises. `openTable` gives an empty one with the partition key `id`. */
export function tableContract(t: Test, openTable: () => Promise<Table<TestKey, TestItem>>): void {
  t.test('an item is read as it was put, under its whole key', async (t) => {
    const table = await openTable();
    const item = { ...KEY, text: '', count: 0, flag: false, list: ['p'], map: { constructor: 'no type' } };
    t.equal(await table.putIfAbsent(item), true);
    t.strictSame(await table.get(KEY), item);
    t.equal(await table.get({ ...KEY, item: 'y' }), undefined);
    t.equal(await table.get({ ...KEY, id: 'b' }), undefined);
  });

  t.test('an item that is there stays', async (t) => {
    const table = await openTable();
    await table.putIfAbsent({ ...KEY, text: 'first' });
    t.equal(await table.putIfAbsent({ ...KEY, text: 'second' }), false);
    t.strictSame(await table.get(KEY), { ...KEY, text: 'first' });
    t.equal(await table.putIfAbsent({ ...KEY, item: 'y', text: 'second' }), true);
  });

  t.test('a put replaces a whole item where one of its conditions holds', async (t) => {
    const table = await openTable();
    const orReplace: Condition<TestItem>[] = [
      { attribute: 'count', atMost: 1 },
      { attribute: 'text', in: ['left', 'own'] },
    ];
    t.equal(await table.putIfAbsent({ ...KEY, count: 2 }, { orReplace }), true, 'there is none');
    t.equal(await table.putIfAbsent({ ...KEY, count: 1 }, { orReplace }), false);
    t.strictSame(await table.get(KEY), { ...KEY, count: 2 });
    await table.update(KEY, { when: [], set: { text: 'own' } });
    t.equal(await table.putIfAbsent({ ...KEY, count: 1, flag: true }, { orReplace }), true);
    t.strictSame(await table.get(KEY), { ...KEY, count: 1, flag: true });
    t.equal(await table.putIfAbsent({ ...KEY, count: 3 }, { orReplace }), true);
    t.strictSame(await table.get(KEY), { ...KEY, count: 3 });
  });

  t.test('items that are put together are written whole, whatever is there', async (t) => {
    const table = await openTable();
    await table.putIfAbsent({ ...KEY, text: 'first', flag: true });
    const items: TestItem[] = [
      { ...KEY, text: 'second', map: { constructor: 'x' }, members: new Set(['p']) },
      ...Array.from({ length: 24 }, (_, at) => ({ id: `b ${at}`, item: 'x', count: at })),
    ];
    t.strictSame(await table.putAll(items.map((item) => table.prepare(item))), []);
    for (const item of items) t.strictSame(await table.get({ id: item.id, item: item.item }), item);
  });

  t.test('beforeWrite is called once, and can prevent the write', async (t) => {
    const table = await openTable();
    let count = 0;
    const beforeWrite = async () => {
      count += 1;
      t.equal(await table.get(KEY), undefined, 'nothing is written yet');
    };
    t.equal(await table.putIfAbsent(KEY, { beforeWrite }), true);
    t.equal(count, 1);
    const refusal = new Error('no');
    const key = { ...KEY, item: 'y' };
    await t.rejects(table.putIfAbsent(key, { beforeWrite: () => Promise.reject(refusal) }), refusal);
    t.equal(await table.get(key), undefined);
  });

  for (const [cases, isHeld] of [
    [HELD, true],
    [NOT_HELD, false],
  ] as const) {
    t.test(`conditions that ${isHeld ? 'hold' : 'do not hold'}`, async (t) => {
      const table = await openTable();
      for (const [at, [attributes, condition]] of cases.entries()) {
        const key = { id: `${at}`, item: 'x' };
        const item = { ...key, ...attributes };
        const name = JSON.stringify([attributes, condition]);
        await table.putIfAbsent(item);
        const updated = { ...item, other: 'set' };
        const change = { when: [condition], set: { other: 'set' } };
        const outcome = { isWritten: isHeld, item: isHeld ? updated : item };
        t.strictSame(await table.update(key, change), outcome, `update: ${name}`);
        t.strictSame(await table.get(key), isHeld ? updated : item, `update: ${name}`);
        const where: Condition<TestItem>[] = [{ attribute: 'id', equals: key.id }, condition];
        const scanned = (await Array.fromAsync(table.scan(where))).flat();
        t.equal(scanned.length, isHeld ? 1 : 0, `scan: ${name}`);
        t.equal(await table.delete(key, [condition]), isHeld, `delete: ${name}`);
        t.strictSame(await table.get(key), isHeld ? undefined : item, `delete: ${name}`);
        await table.delete(key);
        await table.putIfAbsent(item);
        const put = { ...key, other: 'put' };
        t.equal(await table.putIfAbsent(put, { orReplace: [condition] }), isHeld, `put: ${name}`);
        t.strictSame(await table.get(key), isHeld ? put : item, `put: ${name}`);
      }
    });
  }

  t.test('a change takes effect where all its conditions hold', async (t) => {
    const table = await openTable();
    await table.putIfAbsent({ ...KEY, text: 'b', list: ['p'], count: 1 });
    const conditions = (count: number): Condition<TestItem>[] => [
      { attribute: 'text', equals: 'b' },
      { attribute: 'list', equals: ['p'] },
      { attribute: 'flag', equals: true, orAbsent: true },
      { attribute: 'count', equals: count },
    ];
    t.match(await table.update(KEY, { when: conditions(2), set: { other: 'c' } }), { isWritten: false });
    t.equal(await table.delete(KEY, conditions(2)), false);
    const written = { isWritten: true, item: { other: 'c' } };
    t.match(await table.update(KEY, { when: conditions(1), set: { other: 'c' } }), written);
    t.equal(await table.delete(KEY, conditions(1)), true);
  });

  t.test('a change sets, removes, adds and includes at once, and leaves the rest', async (t) => {
    const table = await openTable();
    await table.putIfAbsent({ ...KEY, text: 'b', other: 'o', flag: true });
    const change = {
      when: [],
      set: { text: 'c', list: ['p', 'q'] },
      remove: ['other'],
      add: { count: 2 },
      include: { members: 'm' },
    } as const;
    const first = { ...KEY, text: 'c', flag: true, list: ['p', 'q'], count: 2, members: new Set(['m']) };
    t.strictSame(await table.update(KEY, change), { isWritten: true, item: first });
    t.strictSame(await table.get(KEY), first);
    const second = await table.update(KEY, { ...change, include: { members: 'n' } });
    const item = { ...first, count: 4, members: new Set(['m', 'n']) };
    t.strictSame(second, { isWritten: true, item });
    t.strictSame(await table.update(KEY, { when: [], set: { text: 'd' }, include: { members: 'n' } }), {
      isWritten: true,
      item: { ...item, text: 'd' },
    });
  });

  t.test('no conditions, and a change without a set, are allowed', async (t) => {
    const table = await openTable();
    t.equal(await table.putIfAbsent({ ...KEY, text: 'b' }, { orReplace: [] }), true);
    t.equal(await table.putIfAbsent({ ...KEY, text: 'c' }, { orReplace: [] }), false);
    const added = { ...KEY, text: 'b', count: 1 };
    const outcome = await table.update(KEY, { when: [], set: {}, add: { count: 1 } });
    t.strictSame(outcome, { isWritten: true, item: added });
    t.strictSame((await Array.fromAsync(table.scan([]))).flat(), [added]);
    t.equal(await table.delete(KEY, []), true);
    t.equal(await table.get(KEY), undefined);
  });

  t.test('a change makes an item only where it says so', async (t) => {
    const table = await openTable();
    const when: Condition<TestItem>[] = [{ attribute: 'count', atMost: 0, orAbsent: true }];
    const none = { isWritten: false, item: undefined };
    t.strictSame(await table.update(KEY, { when, set: { text: 'b' } }), none);
    const neverHeld: Condition<TestItem>[] = [{ attribute: 'count', atMost: 0 }];
    t.strictSame(await table.update(KEY, { when: neverHeld, set: { text: 'b' }, orCreate: true }), none);
    t.equal(await table.get(KEY), undefined);
    const change = { when, set: { text: 'b' }, add: { count: 1 }, orCreate: true };
    const item = { ...KEY, text: 'b', count: 1 };
    t.strictSame(await table.update(KEY, change), { isWritten: true, item });
    t.strictSame(await table.update(KEY, change), { isWritten: false, item });
    t.strictSame(await table.get(KEY), item);
  });

  t.test('of many changes at once one takes effect', async (t) => {
    const table = await openTable();
    await table.putIfAbsent(KEY);
    const changes = Array.from({ length: 8 }, (_, at) =>
      table.update(KEY, { when: [{ attribute: 'text', absent: true }], set: { text: `${at}` } }),
    );
    const outcomes = await Promise.all(changes);
    const [written, ...others] = outcomes.filter(({ isWritten }) => isWritten);
    t.strictSame(others, []);
    for (const { item } of outcomes) t.strictSame(item, written?.item, 'the others find what was written');
  });

  t.test('an item that does not exist can be deleted', async (t) => {
    const table = await openTable();
    t.equal(await table.delete(KEY), true);
    t.equal(await table.delete(KEY, [{ attribute: 'text', equals: 'b' }]), false);
    t.equal(await table.delete(KEY, [{ attribute: 'text', equals: 'b', orAbsent: true }]), true);
    t.equal(await table.get(KEY), undefined);
  });

  t.test('a partition is read by sort key', async (t) => {
    const table = await openTable();
    // As bytes of UTF-8 the last two are in this order, as UTF-16 they are not.
    const names = ['A', 'B', 'a', 'ä', '\uff5e', '\u{1f600}'];
    for (const item of names.toReversed()) await table.putIfAbsent({ id: 'a', item });
    await table.putIfAbsent({ id: 'b', item: 'C' });
    t.strictSame(
      (await table.query('a')).map(({ item }) => item),
      names,
    );
    t.strictSame(
      (await table.queryLast('a', 3)).map(({ item }) => item),
      names.toReversed().slice(0, 3),
    );
    t.strictSame(
      (await table.queryLast('a', 3, names.at(-2))).map(({ item }) => item),
      names.toReversed().slice(2, 5),
    );
    t.strictSame(await table.query('none'), []);
    t.strictSame(await table.queryLast('none', 3), []);
  });

  t.test('getSome gives the items that exist', async (t) => {
    const table = await openTable();
    await table.putIfAbsent({ ...KEY, text: 'b' });
    await table.putIfAbsent({ ...KEY, item: 'y' });
    const { items, unread } = await table.getSome([KEY, { ...KEY, item: 'z' }]);
    t.strictSame(items, [{ ...KEY, text: 'b' }]);
    t.strictSame(unread, []);
  });

  t.test('a scan gives every item once, also while its pages are deleted', async (t) => {
    const table = await openTable();
    for (let at = 0; at < 25; at += 1)
      await table.putIfAbsent({ id: `p${at % 3}`, item: `${at}`, count: at });
    const all = (await Array.fromAsync(table.scan())).flat();
    t.strictSame(all.map(({ count }) => count).sort(), Array.from({ length: 25 }, (_, at) => at).sort());
    const deleted: number[] = [];
    for await (const items of table.scan([{ attribute: 'count', below: 20 }])) {
      for (const { id, item, count = 0 } of items) {
        deleted.push(count);
        await table.delete({ id, item });
      }
    }
    t.equal(deleted.length, 20);
    t.equal(new Set(deleted).size, 20);
    t.equal((await Array.fromAsync(table.scan())).flat().length, 5);
  });

  t.test('what is given and handed out is a copy', async (t) => {
    const table = await openTable();
    const item = { ...KEY, list: ['p'] };
    await table.putIfAbsent(item);
    item.list.push('q');
    const read = await table.get(KEY);
    (read?.list as string[] | undefined)?.push('q');
    t.strictSame(await table.get(KEY), { ...KEY, list: ['p'] });
  });

  t.test('it responds to a ping', async (t) => {
    const table = await openTable();
    t.equal(await table.ping(AbortSignal.timeout(60_000)), undefined);
    t.equal(await table.ping(), undefined);
  });
}
