// The clocks of one request, under time that the test moves.
import { EventEmitter } from 'node:events';
import t, { type Test } from 'tap';
import { type IdleSocket, startTimers } from '../src/request-timers.ts';
import { timeLimits } from '../src/time-limits.ts';

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
  const timers = startTimers(timeLimits(), ({ message }) => broken.push(message));
  let alarm: NodeJS.Timeout | undefined;
  const socket = Object.assign(new EventEmitter(), {
    setTimeout(ms: number) {
      alarm = setTimeout(() => socket.emit('timeout'), ms);
    },
  });
  const connect = () => timers.connected(socket as unknown as IdleSocket);
  /** As Node does: each write, and each byte that leaves, sets the socket's clock back. */
  const moveBytes = () => alarm?.refresh();
  const write = () => {
    timers.writing();
    moveBytes();
  };
  return { broken, timers, connect, write, moveBytes, passSeconds };
}

t.test('the idle clock begins anew with each piece, and does not count while none is written', async (t) => {
  const { broken, timers, connect, write, passSeconds } = stage(t);
  connect();
  for (let pieces = 0; pieces < 3; pieces++) {
    write();
    passSeconds(59);
    timers.written();
    passSeconds(100);
  }
  t.strictSame(broken, []);
  write();
  passSeconds(59);
  t.strictSame(broken, []);
  passSeconds(1);
  t.strictSame(broken, ['it took less than 64 KiB in 60 s']);
});

t.test('the idle clock of a piece that waits for the connection begins with it', async (t) => {
  const { broken, connect, write, passSeconds } = stage(t);
  write();
  passSeconds(9);
  connect();
  passSeconds(59);
  t.strictSame(broken, []);
  passSeconds(1);
  t.strictSame(broken, ['it took less than 64 KiB in 60 s']);
});

t.test('bytes that leave within a piece set the idle clock back', async (t) => {
  const { broken, connect, write, moveBytes, passSeconds } = stage(t);
  connect();
  write();
  for (let times = 0; times < 3; times++) {
    passSeconds(59);
    moveBytes();
  }
  t.strictSame(broken, []);
  passSeconds(60);
  t.strictSame(broken, ['it took less than 64 KiB in 60 s']);
});

t.test('from the last byte on, only the clocks of the response and of the whole run', async (t) => {
  const { broken, timers, connect, write, passSeconds } = stage(t);
  connect();
  write();
  timers.receiving();
  passSeconds(299);
  t.strictSame(broken, []);
  passSeconds(1);
  t.strictSame(broken, ['no response within 300 s']);
});

t.test('no connection, and a clock that was stopped', async (t) => {
  const { broken, timers, write, passSeconds } = stage(t);
  write();
  passSeconds(10);
  t.strictSame(broken, ['no connection within 10 s']);
  timers.stop();
  passSeconds(100_000);
  t.equal(broken.length, 1);
});
