import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { backgroundClock, endsWithin, pause, systemClock } from '../src/clock.ts';

t.test('a pause ends with its time, or with its signal, and leaves no timer', async (t) => {
  const clock = new VirtualClock();
  const ending = new AbortController();
  const [timed, cutShort] = [pause(clock, 100), pause(clock, 1_000, ending.signal)];
  clock.advance(100);
  await timed;
  ending.abort();
  await cutShort;
  t.equal(clock.pendingCount, 0);
  await pause(clock, 1_000, ending.signal);
  t.equal(clock.countSet(1_000), 1, 'one whose signal is aborted already sets none');
});

t.test('work ends within a limit, or goes on', async (t) => {
  const clock = new VirtualClock();
  t.equal(await endsWithin(clock, 100, Promise.resolve()), true);
  t.equal(clock.pendingCount, 0);
  const tooLong = endsWithin(clock, 100, new Promise(() => undefined));
  clock.advance(100);
  t.equal(await tooLong, false);
});

t.test('the clock of the system calls back once, unless that was cancelled', async (t) => {
  const called: string[] = [];
  const done = Promise.withResolvers<void>();
  systemClock.after(0, () => called.push('cancelled'))();
  systemClock.after(0, () => called.push('first'));
  systemClock.after(1, done.resolve);
  await done.promise;
  t.strictSame(called, ['first']);
  t.ok(Math.abs(systemClock.now().getTime() - Date.now()) < 60_000);
  const beforeMs = systemClock.monotonicMs();
  t.ok(systemClock.monotonicMs() >= beforeMs);
});

t.test('a timer of the background keeps no process', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const cancel = backgroundClock.after(60_000, () => undefined);
  t.equal(timers(), before);
  cancel();
  const done = Promise.withResolvers<void>();
  backgroundClock.after(1, done.resolve);
  backgroundClock.after(0, () => t.fail('it was cancelled'))();
  const cancelLonger = systemClock.after(60_000, done.resolve);
  await done.promise;
  cancelLonger();
});
