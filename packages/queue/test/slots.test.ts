import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createSlots } from '../src/slots.ts';

function work() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { ended: promise, end: resolve };
}

t.test('P8: up to four for each slot step aside, and more keep their slots', async (t) => {
  const slots = createSlots({ count: 2, clock: new VirtualClock() });
  const aside = Array.from({ length: 8 }, work);
  for (const one of aside) {
    slots.take(one);
    slots.stepAside(one);
    t.equal(slots.free, 2);
  }
  const ninth = work();
  slots.take(ninth);
  slots.stepAside(ninth);
  t.equal(slots.free, 1);
  const change = slots.change();
  aside[0]?.end();
  await change;
  slots.stepAside(ninth);
  t.equal(slots.free, 2, 'there is room again');
});

t.test('what has ended frees its slot once, and steps aside no more', async (t) => {
  const slots = createSlots({ count: 2, clock: new VirtualClock() });
  const one = work();
  slots.take(one);
  t.equal(slots.free, 1);
  const change = slots.change();
  one.end();
  await change;
  slots.stepAside(one);
  t.equal(slots.free, 2);
  t.equal(slots.work.size, 0);
});
