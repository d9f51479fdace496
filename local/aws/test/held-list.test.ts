import t from 'tap';
import { HeldList } from '../src/held-list.ts';

const every = () => true;

t.test('a waiter hears as soon as enough is held', async (t) => {
  const list = new HeldList<{ id: string }>();
  list.add({ id: 'a' });
  const two = list.whenAtLeast(2, every);
  const aTwice = list.whenAtLeast(1, ({ id }) => id === 'c');
  list.add({ id: 'b' });
  await two;
  list.add({ id: 'c' });
  await aTwice;
  await list.whenAtLeast(3, every);
  t.same(
    list.items().map(({ id }) => id),
    ['a', 'b', 'c'],
  );
});

t.test('a waiter that gave up gets an error', async (t) => {
  const abort = new AbortController();
  const waiting = new HeldList().whenAtLeast(1, every, abort.signal);
  abort.abort(new Error('gone'));
  await t.rejects(waiting, { message: 'gone' });
});

t.test('items are taken in the order that was asked for, once each', async (t) => {
  const list = new HeldList<{ id: string }>();
  for (const id of ['a', 'b', 'c']) list.add({ id });
  t.same(list.take(['c', 'a', 'c']), [{ id: 'c' }, { id: 'a' }]);
  t.same(list.find(['b']), [{ id: 'b' }]);
  t.throws(() => list.take(['b', 'x']), { code: 'UnknownId', message: /"x"/ });
  t.same(list.take(), [{ id: 'b' }], 'nothing was taken when one was unknown');
  t.same(list.take(), []);
});
