import { setImmediate } from 'node:timers/promises';
import { createLogger } from '@upload-once/runtime';
import { type Transition, type Upload, UploadState, type UploadStore } from '@upload-once/uploads';
import t from 'tap';
import { createLeaseKeeper } from '../src/lease-keeper.ts';

const LEASE_SECONDS = 80;
const START = new Date('2026-01-01T00:00:00.000Z');
const after = (seconds: number) => new Date(START.getTime() + seconds * 1000);

const held = (leaseExpiresAt: Date, attempt = 1) =>
  ({
    key: 'uploads/file-1',
    state: UploadState.processing,
    attempt,
    leaseOwner: 'w',
    leaseExpiresAt,
  }) as Upload;

/** A lease of 80 seconds, kept over renewals that the test answers, in time that the test moves. */
function keep() {
  const clock = { now: START };
  const timers = new Set<{ readonly delayMs: number }>();
  const renewals: PromiseWithResolvers<Transition>[] = [];
  const uploads: Pick<UploadStore, 'renewLease'> = {
    renewLease() {
      const renewal = Promise.withResolvers<Transition>();
      renewals.push(renewal);
      return renewal.promise;
    },
  };
  const keepLease = createLeaseKeeper({
    uploads: uploads as UploadStore,
    log: createLogger({ service: 'processor', level: 'silent', destination: { write: () => undefined } }),
    leaseSeconds: LEASE_SECONDS,
    clock: {
      now: () => clock.now,
      after(delayMs) {
        const timer = { delayMs };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
  });
  const lease = keepLease(held(after(LEASE_SECONDS)));
  const seconds = () => [...timers].map(({ delayMs }) => delayMs / 1000);
  return { clock, lease, renewals, seconds };
}

t.test('P3: a process that was frozen past its lease learns it before its timers fire', async (t) => {
  const { clock, lease, seconds } = keep();
  clock.now = after(LEASE_SECONDS - 1);
  t.doesNotThrow(() => lease.assertHeld());
  t.strictSame(seconds(), [LEASE_SECONDS]);
  clock.now = after(LEASE_SECONDS);
  t.throws(() => lease.assertHeld(), { code: 'LeaseLost', message: /attempt 1 ran out/ });
  t.equal(lease.signal.aborted, true);
  t.strictSame(seconds(), []);
});

t.test('P3: a renewal that lands after a later one neither shortens the lease nor ends it', async (t) => {
  const { lease, renewals, seconds } = keep();
  const both = [lease.renew(), lease.renew()];
  renewals[1]?.resolve({ applied: true, upload: held(after(100)) });
  await setImmediate();
  t.strictSame(seconds(), [100]);
  renewals[0]?.resolve({ applied: false, upload: held(after(90)) });
  await Promise.all(both);
  t.strictSame(seconds(), [100]);
  t.equal(lease.signal.aborted, false);
});

t.test('P3: an attempt that has ended elsewhere is lost, and so is one whose upload is gone', async (t) => {
  const finished = { ...held(after(100)), state: UploadState.failed };
  for (const upload of [finished, held(after(100), 2), undefined]) {
    const { lease, renewals } = keep();
    const renewal = lease.renew();
    renewals[0]?.resolve({ applied: false, upload });
    await renewal;
    t.match(lease.signal.reason, {
      code: 'LeaseLost',
      message: /another worker has taken over from attempt 1/,
    });
  }
});

t.test('when the work is over, a renewal under way changes nothing and leaves no timer', async (t) => {
  const responses: ((renewal: PromiseWithResolvers<Transition>) => void)[] = [
    ({ resolve }) => resolve({ applied: true, upload: held(after(100)) }),
    ({ resolve }) => resolve({ applied: false, upload: held(after(100), 2) }),
    ({ reject }) => reject(new Error('the table is away')),
  ];
  for (const respond of responses) {
    const { clock, lease, renewals, seconds } = keep();
    const renewal = lease.renew();
    lease.end();
    for (const each of renewals) respond(each);
    await renewal;
    t.strictSame(seconds(), []);
    clock.now = after(LEASE_SECONDS);
    t.doesNotThrow(() => lease.assertHeld());
    t.equal(lease.signal.aborted, false);
  }
});

t.test('of renewals that failed, one is made again, an eighth of the lease later', async (t) => {
  const { lease, renewals, seconds } = keep();
  const both = [lease.renew(), lease.renew()];
  for (const { reject } of renewals) reject(new Error('the table is away'));
  await Promise.all(both);
  t.strictSame(seconds(), [LEASE_SECONDS, LEASE_SECONDS / 8]);
  const again = lease.renew();
  t.strictSame(seconds(), [LEASE_SECONDS], 'a heartbeat renews instead');
  renewals[2]?.resolve({ applied: true, upload: held(after(100)) });
  await again;
  t.strictSame(seconds(), [100]);
});
