import fc from 'fast-check';
import t from 'tap';
import { backoffSeconds, DELETE_BACKOFF, POLL_BACKOFF, RETRY_BACKOFF } from '../src/backoff.ts';

const BACKOFFS = [RETRY_BACKOFF, POLL_BACKOFF, DELETE_BACKOFF];
const anyBackoff = fc.constantFrom(...BACKOFFS);
const anyAttempt = fc.integer({ min: 1, max: 5000 });
const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

t.test('a wait is a whole number of seconds between half of the bound and all of it', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(anyBackoff, anyAttempt, anyRandom, (backoff, attempt, random) => {
        const seconds = backoffSeconds(attempt, backoff, () => random);
        const bound = Math.min(backoff.capSeconds, backoff.baseSeconds * 2 ** (attempt - 1));
        return Number.isInteger(seconds) && seconds >= bound / 2 && seconds <= bound;
      }),
    ),
  );
  t.equal(
    backoffSeconds(1, RETRY_BACKOFF, () => 0),
    2,
  );
  t.equal(
    backoffSeconds(1, RETRY_BACKOFF, () => 0.999),
    4,
  );
  t.equal(
    backoffSeconds(3, RETRY_BACKOFF, () => 0),
    8,
  );
  t.equal(
    backoffSeconds(3, RETRY_BACKOFF, () => 0.999),
    16,
  );
  t.equal(
    backoffSeconds(9, RETRY_BACKOFF, () => 0),
    450,
    'the cap',
  );
  t.equal(
    backoffSeconds(1000, RETRY_BACKOFF, () => 0.999),
    900,
  );
});

t.test('no wait is shorter than the longest after one attempt less', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        anyBackoff,
        fc.integer({ min: 1, max: 12 }),
        anyRandom,
        anyRandom,
        (backoff, attempt, before, after) => {
          const isCapped = backoff.baseSeconds * 2 ** attempt > backoff.capSeconds;
          const earlier = backoffSeconds(attempt, backoff, () => before);
          const later = backoffSeconds(attempt + 1, backoff, () => after);
          return isCapped || later >= earlier;
        },
      ),
    ),
  );
});

t.test('every wait in the bounds occurs', async (t) => {
  const seen = new Set(
    Array.from({ length: 100 }, (_, index) => backoffSeconds(2, RETRY_BACKOFF, () => index / 100)),
  );
  t.same([...seen], [4, 5, 6, 7, 8]);
});
