import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readParameters } from '../cost/parameters.ts';
import { PRICES } from '../cost/prices.ts';
import { results } from './cost-sample.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

t.test('each price has its page, and can be changed', async (t) => {
  for (const prices of Object.values(PRICES)) {
    for (const price of Object.values(prices)) t.match(price.page, /^(Amazon|AWS|Elastic).* pricing/);
  }
  t.equal(readParameters({ PRICE_S3_WRITES: '5.4' }).prices.s3Writes.dollars, 5.4);
  t.equal(readParameters({ PRICE_FARGATE_X86_CPU: '' }).prices.fargateX86Cpu.dollars, 0.04048);
});

t.test('a wrong parameter is refused with its name and what is allowed', async (t) => {
  const refused: readonly (readonly [name: string, value: string, allowed: RegExp])[] = [
    ['UPLOADS_PER_MONTH', 'many', /^UPLOADS_PER_MONTH: a number from 0 to .* was expected, not "many"$/],
    ['PUT_SHARE', '101', /^PUT_SHARE: a number from 0 to 100 /],
    ['SIZE_MIB', '-1', /^SIZE_MIB: /],
    ['REGION', 'mars-1', /^REGION: us-east-1 was expected, not "mars-1"$/],
    ['LOAD', 'full', /^LOAD: busy or idle /],
    ['ZONES', '1', /^ZONES: 2 or 3 /],
    ['DOMAIN', '1', /^DOMAIN: yes or no /],
    ['PRICE_S3_WRITES', 'cheap', /^PRICE_S3_WRITES: a number /],
    ['PRICE_S3_PUTS', '5', /^PRICE_S3_PUTS is no price\. There are: .*PRICE_S3_WRITES/],
  ];
  for (const [name, value, allowed] of refused)
    t.throws(() => readParameters({ [name]: value }), { name: 'RangeError', message: allowed }, name);
});

t.test('the command prints tables without marks, or one line of what is wrong', async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), 'cost-')), 'uploads.json');
  writeFileSync(file, JSON.stringify(results));
  const run = (env: Record<string, string>) =>
    spawnSync(process.execPath, ['scripts/cost.ts'], {
      cwd: repository,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
  const good = run({ RESULTS: file, UPLOADS_PER_MONTH: '5e6' });
  t.equal(good.status, 0);
  t.match(good.stdout, /^US dollars, list prices of us-east-1 as of \d{4}-\d\d-\d\d; counted on a machine\n/);
  t.match(good.stdout, '5,000,000 forms');
  t.notMatch(good.stdout, '**');
  t.equal(good.stderr, '');
  for (const env of [{ RESULTS: '/nowhere.json' }, { LOAD: 'full' }]) {
    const bad = run(env);
    t.equal(bad.status, 1);
    t.match(bad.stderr, /^(RESULTS: \/nowhere\.json cannot be read|LOAD: busy or idle).*\n$/);
  }
});
