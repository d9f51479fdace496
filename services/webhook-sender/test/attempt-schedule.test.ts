import * as fc from 'fast-check';
import t from 'tap';
import { LAST_ATTEMPT, waitAfterAttempt } from '../src/attempt-schedule.ts';
import { retryAfterSeconds } from '../src/retry-after.ts';

const DAY_SECONDS = 86_400;
const attempts = Array.from({ length: LAST_ATTEMPT }, (_, at) => at + 1);
const middle = () => 0.5;

t.test(
  'the waits are those of the standard, over three days, and none follows the last attempt',
  async (t) => {
    const waits = attempts.map((attempt) => waitAfterAttempt(attempt, undefined, middle));
    const hours = [2, 5, 10, 14, 20, 24].map((count) => count * 3600);
    t.strictSame(waits, [5, 300, 1800, ...hours, 0]);
    t.ok(waits.reduce((sum, wait) => sum + wait, 0) > 3 * DAY_SECONDS);
  },
);

t.test('a wait is up to a fifth shorter or longer', async (t) => {
  t.equal(
    waitAfterAttempt(2, undefined, () => 0),
    240,
  );
  t.equal(Math.round(waitAfterAttempt(2, undefined, () => 1 - Number.EPSILON)), 360);
});

t.test('a wait is never shorter than Retry-After, up to a day', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: LAST_ATTEMPT - 1 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, asked, random) => {
        const wait = waitAfterAttempt(attempt, asked, () => random);
        return wait >= Math.min(asked, DAY_SECONDS) && wait <= 1.2 * DAY_SECONDS;
      },
    ),
  );
});

t.test('what waits for the same Retry-After does not come back at once', async (t) => {
  const waits = [0.1, 0.9].map((random) => waitAfterAttempt(1, 600, () => random));
  t.not(waits[0], 600);
  t.ok(waits.every((wait) => wait > 600));
});

t.test('Retry-After is a number of seconds, or a date', async (t) => {
  const now = new Date('2030-01-31T12:00:00Z');
  for (const [header, seconds] of [
    ['120', 120],
    [' 0 ', 0],
    ['Thu, 31 Jan 2030 12:01:30 GMT', 90],
    ['Thu, 31 Jan 2030 11:00:00 GMT', 0],
    ['Thursday, 31-Jan-30 12:01:30 GMT', 90],
    ['Thu Jan 31 12:01:30 2030', 90],
    ['12345678901', 12_345_678_901],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['Thu, 99 Jan 2030 12:00:00 GMT', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    t.equal(retryAfterSeconds(header, now), seconds, String(header));
  }
});
