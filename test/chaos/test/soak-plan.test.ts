import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { createRandom } from '@upload-once/simulation/src/simulation/random.ts';
import t from 'tap';
import { makeContent } from '../src/soak/content.ts';
import { createPlanner } from '../src/soak/plan.ts';
import { readSettings } from '../src/soak/settings.ts';

const MIB = 1024 ** 2;

function plans(seed: number, count: number) {
  const next = createPlanner(createRandom(seed));
  return Array.from({ length: count }, next);
}

t.test('the same seed plans the same uploads, another one others', async (t) => {
  t.strictSame(plans(1, 500), plans(1, 500));
  t.notSame(plans(1, 500), plans(2, 500));
});

t.test('a tenth is doubled, half of them overlapping; sizes go from none to 64 MiB', async (t) => {
  const all = plans(1, 20_000);
  const doubled = all.filter(({ sizesBytes }) => sizesBytes.length === 2);
  t.ok(Math.abs(doubled.length / all.length - 0.1) < 0.01);
  t.ok(Math.abs(doubled.filter(({ isOverlapping }) => isOverlapping).length / doubled.length - 0.5) < 0.05);
  t.ok(
    doubled.every(({ sizesBytes: [first, second] }) => first !== second),
    'no two files are alike',
  );
  const sizes = all.flatMap(({ sizesBytes }) => sizesBytes);
  for (const size of [0, 1, 64 * MIB - 1, 64 * MIB]) t.ok(sizes.includes(size), `${size} bytes`);
  t.ok(sizes.reduce((sum, size) => sum + size, 0) / sizes.length < MIB, 'and most of them are small');
});

t.test('a content is the same for its name and size, and what its hashes say', async (t) => {
  for (const sizeBytes of [0, 1, 262_144, 700_001]) {
    const content = await makeContent('1/1/0', sizeBytes);
    const bytes = await buffer(content.read());
    t.equal(bytes.length, sizeBytes);
    t.strictSame(await buffer(content.read()), bytes, 'it can be read again');
    t.equal(content.sha256, createHash('sha256').update(bytes).digest('hex'));
    t.equal(content.md5, createHash('md5').update(bytes).digest('hex'));
  }
  const [one, other] = [await makeContent('1/1/0', 100), await makeContent('1/1/1', 100)];
  t.not(one.sha256, other.sha256);
});

t.test('settings: what is not set has a default, what is wrong is named', async (t) => {
  t.strictSame(readSettings({}, 42), { minutes: 10, seed: 42, concurrency: 16 });
  t.strictSame(readSettings({ MINUTES: '', SEED: '7' }, 42), { minutes: 10, seed: 7, concurrency: 16 });
  t.strictSame(readSettings({ MINUTES: '0.5', SEED: '7', CONCURRENCY: '2' }, 42), {
    minutes: 0.5,
    seed: 7,
    concurrency: 2,
  });
  for (const [name, value] of [
    ['MINUTES', '0'],
    ['MINUTES', 'ten'],
    ['MINUTES', '-1'],
    ['SEED', '1.5'],
    ['SEED', '1000000000'],
    ['CONCURRENCY', '257'],
  ] as const) {
    t.throws(() => readSettings({ [name]: value }, 42), {
      name: 'RangeError',
      message: new RegExp(`^${name} is .*, not "${value}"$`),
    });
  }
});
