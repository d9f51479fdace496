import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createRecentMaximum } from '../src/recent-maximum.ts';

function create() {
  const clock = new VirtualClock();
  let largest = 0;
  const take = () => {
    const taken = largest;
    largest = 0;
    return taken;
  };
  const read = createRecentMaximum(clock, take);
  const happens = (value: number) => {
    largest = Math.max(largest, value);
  };
  return { clock, read, happens };
}

t.test('each of several readers sees the largest value, as often as they read', async (t) => {
  const { clock, read, happens } = create();
  t.equal(read(), 0);
  happens(1_500);
  happens(20);
  for (const waitMs of [0, 0, 15_000, 15_000, 29_999]) {
    clock.advance(waitMs);
    t.equal(read(), 1_500);
  }
});

t.test('a value is forgotten after a minute and ten seconds at most, read or not', async (t) => {
  for (const isRead of [true, false]) {
    for (const ageMs of [0, 9_999, 10_000]) {
      const { clock, read, happens } = create();
      clock.advance(ageMs);
      happens(1_500);
      if (isRead) t.equal(read(), 1_500);
      clock.advance(60_000);
      t.equal(read(), 1_500, `${ageMs}`);
      happens(3);
      clock.advance(10_000);
      t.equal(read(), 3, `${ageMs}`);
      clock.advance(70_000);
      t.equal(read(), 0);
    }
  }
});
