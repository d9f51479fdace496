// The clocks of one request, under time that the test moves.
import t, { type Test } from 'tap';
import { startTimers, timeLimits } from '../src/request-timers.ts';

/** Own lines, because the mock timers of node:test do not know `refresh`. */
function startClock(t: Test) {
  interface Alarm {
    dueMs: number;
    readonly ms: number;
    readonly ring: () => void;
  }
  let nowMs = 0;
  const alarms = new Set<Alarm>();
  const start = (alarm: Alarm) => {
    alarm.dueMs = nowMs + alarm.ms;
    alarms.add(alarm);
  };
  const { setTimeout, clearTimeout } = globalThis;
  t.teardown(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
  Object.assign(globalThis, {
    setTimeout(ring: () => void, ms: number) {
      const alarm: Alarm & { refresh(): void } = { ring, ms, dueMs: 0, refresh: () => start(alarm) };
      start(alarm);
      return alarm;
    },
    clearTimeout: (alarm: Alarm) => alarms.delete(alarm),
  });
  return (seconds: number) => {
    nowMs += seconds * 1000;
    for (const alarm of [...alarms]) {
      if (alarm.dueMs > nowMs) continue;
      alarms.delete(alarm);
      alarm.ring();
    }
  };
}

function stage(t: Test) {
  const passSeconds = startClock(t);
  const broken: string[] = [];
  const progress = { began: false };
  const timers = startTimers(timeLimits(), progress, ({ message }) => broken.push(message));
  const connect = () => {
    progress.began = true;
    timers.connected();
  };
  return { broken, timers, connect, passSeconds };
}

t.test('the idle clock begins anew with each piece, and stands still while none is written', async (t) => {
  const { broken, timers, connect, passSeconds } = stage(t);
  connect();
  for (let pieces = 0; pieces < 3; pieces++) {
    timers.writing();
    passSeconds(59);
    timers.written();
    passSeconds(100);
  }
  t.strictSame(broken, []);
  timers.writing();
  passSeconds(59);
  t.strictSame(broken, []);
  passSeconds(1);
  t.strictSame(broken, ['it took less than 64 KiB in 60 s']);
});

t.test('the idle clock of a piece that waits for the connection begins with it', async (t) => {
  const { broken, timers, connect, passSeconds } = stage(t);
  timers.writing();
  passSeconds(9);
  connect();
  passSeconds(59);
  t.strictSame(broken, []);
  passSeconds(1);
  t.strictSame(broken, ['it took less than 64 KiB in 60 s']);
});

t.test('from the last byte on, only the clocks of the answer and of the whole run', async (t) => {
  const { broken, timers, connect, passSeconds } = stage(t);
  connect();
  timers.writing();
  timers.answering();
  passSeconds(299);
  t.strictSame(broken, []);
  passSeconds(1);
  t.strictSame(broken, ['no answer within 300 s']);
});

t.test('no connection, and a clock that was stopped', async (t) => {
  const { broken, timers, passSeconds } = stage(t);
  timers.writing();
  passSeconds(10);
  t.strictSame(broken, ['no connection within 10 s']);
  timers.stop();
  passSeconds(100_000);
  t.equal(broken.length, 1);
});
