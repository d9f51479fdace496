import t from 'tap';
import { barOf, createHourCounter, LEAD_TIME_BOUNDS_MS } from '../src/hour-metrics.ts';

const NOW = new Date('2026-01-01T12:00:30.000Z');
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

t.test('counts of the last hour, by minute, and its lead times', async (t) => {
  const counter = createHourCounter(() => NOW);
  counter.add({ at: minutesAgo(59), values: { UploadsIssued: [1, 1] } });
  counter.add({
    at: minutesAgo(0),
    values: { UploadsIssued: [1], UploadsProcessed: [1, 1], LeadTime: [50, 51, 400_000] },
  });
  counter.add({ at: minutesAgo(0), values: { RequestsRefused: [1], DuplicateUploads: [1] } });
  counter.add({ at: minutesAgo(60), values: { UploadsIssued: [100], LeadTime: [1] } });
  counter.add({ at: new Date(NOW.getTime() + 3_600_000), values: { UploadsIssued: [100], LeadTime: [1] } });
  const { minutes, leadTimeCounts } = counter.lastHour(NOW);
  t.equal(minutes.length, 60);
  t.match(minutes[0], { atMs: Date.parse('2026-01-01T11:01:00Z'), issued: 2, processed: 0 });
  t.match(minutes[59], {
    atMs: Date.parse('2026-01-01T12:00:00Z'),
    issued: 1,
    processed: 2,
    refusedRequests: 1,
    duplicates: 1,
    failed: 0,
  });
  t.strictSame(
    leadTimeCounts,
    [1, 1, ...new Array(LEAD_TIME_BOUNDS_MS.length - 2).fill(0), 1],
    'a bound belongs to its own bar',
  );
});

t.test('an hour later nothing of it is left', async (t) => {
  let now = NOW;
  const counter = createHourCounter(() => now);
  counter.add({ at: now, values: { UploadsIssued: [1], LeadTime: [1] } });
  now = new Date(NOW.getTime() + 3_600_000);
  counter.add({ at: now, values: { UploadsIssued: [2] } });
  const { minutes, leadTimeCounts } = counter.lastHour(now);
  t.equal(
    minutes.reduce((sum, { issued }) => sum + issued, 0),
    2,
  );
  t.ok(leadTimeCounts.every((count) => count === 0));
});

t.test('each lead time has a bar', async (t) => {
  t.equal(barOf(0), 0);
  for (const [at, bound] of LEAD_TIME_BOUNDS_MS.entries()) {
    t.equal(barOf(bound), at);
    t.equal(barOf(bound + 1), at + 1);
  }
});
