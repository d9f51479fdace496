import { readFileSync } from 'node:fs';
import { SHARD_COUNT } from '@upload-once/text/upload-id';
import t from 'tap';
import { readResults } from '../cost/read-results.ts';
import { withScaleTables } from '../scale/document.ts';
import { AWS, limitsOf, vcpusFor } from '../scale/limits.ts';

const page = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');
const results = readResults();

t.test('docs/scale.md is what the bench counted, Terraform has and the simulation finds', async (t) => {
  t.equal(page, withScaleTables(page), 'renew it with `make docs`');
});

t.test('a rate that just reaches a limit has nothing left', async (t) => {
  t.match(page, /\| API Gateway: `endpoint\.throttle_rate` \| 1,000 \| yes \| no \| no \|/);
  t.match(page, /\| API Gateway: 10000 requests .* \| 10,000 \| yes \| yes \| no \|/);
  t.match(page, /10,000 uploads a second:\*\* .*; in all 11 of these\./);
});

// Amazon DynamoDB Developer Guide, "Understanding DynamoDB warm throughput".
t.test('the command that warms a table asks for no more than the quota of a table', async (t) => {
  const writeUnits = Number(/--warm-throughput .*WriteUnitsPerSecond=(\d+)/.exec(page)?.[1]);
  t.ok(writeUnits > AWS.newTableWriteUnits && writeUnits <= AWS.tableWriteUnits, `${writeUnits}`);
});

t.test('another count of the bench is another page', async (t) => {
  const acceptor = { ...results.form.busy.acceptor, writeUnits: 40 };
  const form = { ...results.form, busy: { ...results.form.busy, acceptor } };
  t.not(page, withScaleTables(page, { ...results, form }));
});

t.test('the limits, as calculated by hand', async (t) => {
  const limits = limitsOf(results);
  const limitOf = (part: RegExp) =>
    limits.find((limit) => part.test(limit.part))?.uploadsPerSecond ?? Number.NaN;
  const near = (value: number, expected: number) =>
    t.ok(Math.abs(value / expected - 1) < 0.001, `${value} ${expected}`);
  near(limitOf(/of a new table/), 4_000 / 5);
  near(limitOf(/the quota of a table/), 40_000 / 5);
  near(limitOf(/one range of keys under `uploads/), 1_750);
  near(limitOf(/ranges under `uploads/), 1_750 * SHARD_COUNT);
  near(limitOf(/throttle_rate/), 1_000);
  near(limitOf(/^acceptor: CPU/), (10 * 0.25 * 0.6) / vcpusFor(results, 'acceptor', 0.6));
  near(
    limitOf(/Fargate/),
    6 /
      ['url-issuer', 'acceptor', 'processor'].reduce(
        (sum, name) => sum + vcpusFor(results, name as 'acceptor', 1),
        0,
      ),
  );
  t.ok(limits.every(({ uploadsPerSecond }) => uploadsPerSecond > 0));
});

t.test('the page’s constants are those of the code', async (t) => {
  const source = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  t.match(source('packages/access/src/quotas/adds-apart.ts'), 'const ADDS_A_SECOND = 800;');
  t.match(source('packages/access/src/quotas/daily-quota.ts'), 'const MOST_AT_ONCE = 25;');
  t.match(source('scripts/scale/limits.ts'), `const SHARDS = ${SHARD_COUNT};`);
});
