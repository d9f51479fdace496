import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createSlots, GATHER_SLOTS_MS } from '../src/slots.ts';

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

/** All slots taken, and a poll that gathers them. */
function gathering(enough: number, isOver: () => boolean = () => false) {
  const clock = new VirtualClock();
  const slots = createSlots({ count: 2, clock });
  const taken = [work(), work()];
  for (const one of taken) slots.take(one);
  const state = { isGathered: false };
  void slots.gather(enough, isOver).then(() => {
    state.isGathered = true;
  });
  return { clock, slots, taken, state };
}

t.test('slots are gathered until enough are free, and for a few milliseconds at most', async (t) => {
  const { clock, taken, state } = gathering(2);
  taken[0]?.end();
  await setImmediate();
  t.equal(state.isGathered, false, 'one of two');
  clock.advance(GATHER_SLOTS_MS - 1);
  await setImmediate();
  t.equal(state.isGathered, false);
  clock.advance(1);
  await setImmediate();
  t.equal(state.isGathered, true);
});

t.test('enough free slots end the gathering at once', async (t) => {
  const { slots, taken, state } = gathering(2);
  taken[0]?.end();
  const [, other] = taken;
  if (other) slots.stepAside(other);
  await setImmediate();
  t.equal(state.isGathered, true, 'one has ended, one stepped aside');
  await createSlots({ count: 2, clock: new VirtualClock() }).gather(2, () => false);
});

t.test('a gathering that is over ends at the next change', async (t) => {
  let isOver = false;
  const { slots, state } = gathering(2, () => isOver);
  isOver = true;
  await setImmediate();
  t.equal(state.isGathered, false);
  slots.wake();
  await setImmediate();
  t.equal(state.isGathered, true);
});
