import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { METRICS } from '@upload-once/runtime';
import t, { type Test } from 'tap';
import { costChart } from '../cost/chart.ts';
import { defaultCostChart, withCostTables } from '../cost/document.ts';
import { ALARMS, METRICS_OF_AN_UPLOAD } from '../cost/installation.ts';
import { type CostLine, sum } from '../cost/lines.ts';
import { readParameters } from '../cost/parameters.ts';
import { breakEven, fixedPart, monthlyOf, moreTasks } from '../cost/per-month.ts';
import { perMillion } from '../cost/per-upload.ts';
import { serverlessPerMillion } from '../cost/serverless.ts';
import { smallProfileTable } from '../cost/small-profile.ts';
import { perMonthTable, sentences } from '../cost/tables.ts';
import { METRICS_OF_A_WEBHOOK, WEBHOOK_ALARMS } from '../cost/webhooks.ts';
import { anUpload, results } from './cost-sample.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(repository, path), 'utf8');
const defaults = readParameters({});
const GIB = 2 ** 30;

function near(t: Test, found: number | undefined, wanted: number, message: string): void {
  t.ok(found !== undefined && Math.abs(found - wanted) < 0.005, `${message}: ${found}, not ${wanted}`);
}

function dollarsOf(lines: readonly CostLine[], name: RegExp): number | undefined {
  return lines.find((line) => name.test(line.name))?.dollars;
}

t.test('docs/cost.md and its chart are what the bench counted, at the prices of the data file', async (t) => {
  const document = read('docs/cost.md');
  t.equal(document, withCostTables(document), 'renew it with `make docs`');
  t.equal(read('docs/cost.svg'), defaultCostChart(), 'renew it with `make docs`');
});

t.test('a million uploads, line by line, as calculated by hand', async (t) => {
  const { use, storage } = perMillion(results, 'form', 'busy', defaults);
  near(t, dollarsOf(use, /^S3: PUT/), 15, 'the client’s POST, a list, a copy; no delete');
  near(t, dollarsOf(use, /^S3: GET/), 0.4, 'one HEAD');
  near(t, dollarsOf(use, /writes/), 5 * 0.625, 'five write units');
  near(t, dollarsOf(use, /reads/), 2 * 0.125, 'two read units');
  near(t, dollarsOf(use, /^SQS/), 6 * 0.4, 'four calls, and two events of S3');
  near(t, dollarsOf(use, /^API/), 1, 'one request');
  near(t, dollarsOf(use, /log lines/), (3_280 * 1e6 * 0.5) / GIB, 'three lines, and API Gateway’s');
  near(t, dollarsOf(use, /^Load/), (1e6 / 25 / 3600) * 0.008, 'new connections');
  near(t, dollarsOf(use, /^Interface/), (11_000 * 1e6 * 0.01) / GIB, 'three lines and four calls');
  t.equal(use.length, 9);
  near(
    t,
    dollarsOf(storage, /items/),
    (((1_024 + 100) * 1e6) / GIB) * (113 / (730 / 24)) * 0.45,
    'a KiB and 100 bytes',
  );
  near(t, dollarsOf(storage, /source/), 0, 'a form has no source that stays');
});

t.test('the source of a PUT costs by its size and its days', async (t) => {
  const parameters = readParameters({ SIZE_MIB: '2', SOURCE_DAYS: '30' });
  const { storage } = perMillion(results, 'put', 'busy', parameters);
  near(
    t,
    dollarsOf(storage, /source, 2 MiB for 30 days/),
    ((2e6 / 1024) * 0.023 * 30) / (730 / 24),
    'GB-months',
  );
});

t.test('what is counted of S3 without a known price is refused, not left out', async (t) => {
  const calls = { ...anUpload.acceptor.calls, s3: { SelectObjectContent: 1 } };
  const busy = { ...anUpload, acceptor: { ...anUpload.acceptor, calls } };
  const changed = { ...results, form: { busy, idle: busy } };
  t.throws(() => perMillion(changed, 'form', 'busy', defaults), {
    message: /no price for s3:SelectObjectContent/,
  });
});

t.test('the fixed part, as calculated by hand', async (t) => {
  const lines = fixedPart(defaults);
  near(t, dollarsOf(lines, /^Fargate: 4 tasks/), 730 * (1.25 * 0.03238 + 2.5 * 0.00356), 'tasks');
  near(t, dollarsOf(lines, /8 interface endpoints/), 730 * 8 * 0.01, 'endpoints');
  near(t, sum(lines), 150.27, 'in all');
  const other = fixedPart(
    readParameters({ EGRESS: 'nat', DOMAIN: 'yes', KMS_KEY: 'yes', ARCHITECTURE: 'X86_64' }),
  );
  near(t, dollarsOf(other, /^Fargate/), 730 * (1.25 * 0.04048 + 2.5 * 0.004445), 'x86');
  near(t, dollarsOf(other, /2 NAT gateways/), 730 * 2 * 0.045, 'NAT');
  near(
    t,
    dollarsOf(other, /4 public addresses/),
    730 * 4 * 0.005,
    'two of the load balancer, two of the gateways',
  );
  near(t, dollarsOf(other, /^KMS/), 1, 'key');
});

t.test(
  'webhooks cost a task, its metrics and NAT gateways, and calls for each, as calculated by hand',
  async (t) => {
    const [nat, webhooks] = [readParameters({ EGRESS: 'nat' }), readParameters({ WEBHOOKS: 'yes' })];
    const small = 0.25 * 0.03238 + 0.5 * 0.00356;
    const polls = ((730 * 3600) / 20) * 0.4e-6;
    near(
      t,
      sum(fixedPart(webhooks)) - sum(fixedPart(nat)),
      730 * small + (25 + 2 + 3) * 0.3 + (9 + 8) * 0.1 + polls,
      'a task, metrics, alarms, polls',
    );
    const million = (parameters: typeof nat) => sum(perMillion(results, 'form', 'busy', parameters).use);
    near(
      t,
      million(webhooks) - million(nat),
      3 * 0.4 + 0.125 + (400 * 1e6 * 0.5) / GIB + ((400 + 6_000 + 3_000) * 1e6 * 0.045) / GIB,
      'three calls, a read, a line, data',
    );
    t.throws(() => readParameters({ WEBHOOKS: 'yes', EGRESS: 'endpoints' }), {
      message: /^EGRESS: nat or public was expected/,
    });
    const operations = read('docs/operations.md');
    const names = [...operations.matchAll(/^### (.*)$/gm)].flatMap(([, heading = '']) =>
      heading.split(/, | and /),
    );
    t.equal(WEBHOOK_ALARMS, names.filter((name) => name.includes('webhook')).length);
    for (const name of METRICS_OF_A_WEBHOOK) t.ok((name.split(' ')[0] ?? '') in METRICS, name);
  },
);

t.test('the parts of the small profile add up to what it saves, and its aims are met', async (t) => {
  const [, ...rows] = smallProfileTable();
  const dollars = rows.map(([, cell = '']) => Number(cell.replaceAll('*', '')));
  const [standard = 0, two = 0, one = 0] = dollars.slice(-3);
  const saved = dollars.slice(0, -3).reduce((sofar, each) => sofar + each, 0);
  t.ok(Math.abs(standard - saved - two) < 0.03, `${standard} - ${saved} is not ${two}`);
  t.ok(two < 60 && one < 45, `${two} with two tasks of the url-issuer, ${one} with one`);
  near(t, sum(fixedPart(readParameters({ PROFILE: 'small' }))), two, 'as `make cost PROFILE=small`');
  t.throws(() => readParameters({ PROFILE: 'small', DOMAIN: 'yes' }), {
    message: /^DOMAIN: no was expected/,
  });
});

t.test('more tasks are paid for when the least number is busy', async (t) => {
  t.equal(moreTasks(results, 'form', 1_000_000, defaults), 0);
  // At 600 % of a vCPU the acceptor needs 40 tasks of a quarter each, the processor 20 of a half, the issuer 4.
  const uploads = 600 * 730 * 3600;
  const small = 0.25 * 0.03238 + 0.5 * 0.00356;
  near(t, moreTasks(results, 'form', uploads, defaults), 730 * small * (39 + 2 * 19 + 2), 'tasks');
});

t.test('the serverless design, as calculated by hand', async (t) => {
  const hand = 10 + 1.25 + 3.5 + 0.6 + 3e6 * 0.5 * 0.25 * 0.0000166667 + (2_700 * 1e6 * 0.5) / GIB;
  near(t, sum(serverlessPerMillion(defaults)), hand, 'in all');
});

t.test('designs change places where their lines meet, or nowhere', async (t) => {
  const fixed = (uploads: number) => 100 + uploads * 10e-6;
  const meeting = breakEven(fixed, (uploads) => uploads * 20e-6) ?? 0;
  t.ok(Math.abs(meeting - 10_000_000) <= 1, String(meeting));
  t.equal(
    breakEven(fixed, (uploads) => uploads * 10e-6),
    undefined,
  );
  const dear = readParameters({ SERVERLESS_MS: '10000' });
  t.match(sentences(results, dear).designs, /forms, without storage: from [\d.]+ million/);
  t.match(
    sentences(results, readParameters({ SERVERLESS_MS: '1' })).designs,
    /at no volume; with storage: at no/,
  );
  const monthly = monthlyOf(results, 'form', defaults, 'without storage');
  near(t, monthly(0), 150.27, 'nothing but the fixed part');
});

t.test(
  'a PUT without a list is cheaper for small files, up to a size that follows from its days',
  async (t) => {
    const calls = { ...anUpload.acceptor.calls, s3: { CopyObject: 1, HeadObject: 1 } };
    const busy = { ...anUpload, acceptor: { ...anUpload.acceptor, calls } };
    const changed = { ...results, put: { busy, idle: busy } };
    const kib = Math.floor((5 / ((1e6 / 1024) * 0.023 * (60 / (730 / 24)))) * 1024);
    const sixty = readParameters({ SOURCE_DAYS: '60' });
    t.match(sentences(changed, sixty).methods, `A PUT is cheaper than a form for files up to ${kib} KiB`);
    t.match(sentences(results, sixty).methods, 'A form is cheaper than a PUT');
  },
);

t.test('a month mixes both methods by their share', async (t) => {
  const total = (share: string) => {
    const parameters = readParameters({ PUT_SHARE: share, SIZE_MIB: '1', SOURCE_DAYS: '60' });
    return Number(perMonthTable(results, parameters).at(-1)?.[1]?.replaceAll(/[*,]/g, ''));
  };
  t.ok(Math.abs((total('0') + total('100')) / 2 - total('50')) < 0.011);
  t.ok(Math.abs(total('100') - total('0') - 44.31) < 0.011, 'the sources alone, of 1 MiB for 60 days');
});

t.test('what stays where is read from Terraform', async (t) => {
  t.equal(defaults.sourceDays, 0.05, 'the life of a URL and an hour');
  t.equal(defaults.installation.lifecycleDays, 60, 'uploads_expire_days, then noncurrent_expire_days');
  t.match(read('services/acceptor/src/remove-after-expiry.ts'), /AFTER_EXPIRY_MS = 3_600_000;/);
  t.equal(defaults.recordRetentionDays, 113);
  t.strictSame(defaults.installation.tasks['url-issuer'], { minTasks: 2, vcpu: 0.25, memoryGib: 0.5 });
  const rule = /record_retention_days >= max\(45, 4 \* \(.*\) \+ 1\)/;
  t.match(read('terraform/modules/storage/variables.tf'), rule, 'as shortestRecordDays');
});

t.test('alarms and metrics are counted as they are', async (t) => {
  const operations = read('docs/operations.md');
  const alarms = operations.slice(operations.indexOf('\n## Alarms'), operations.indexOf('\n## After'));
  const names = [...alarms.matchAll(/^### (.*)$/gm)].flatMap(([, heading = '']) => heading.split(/, | and /));
  t.equal(
    ALARMS,
    names.filter((name) => !/webhook|uploads-refused|replication-failures/.test(name)).length,
    'by default',
  );
  const ofEach = Object.entries(METRICS).filter(([, { isOfEachUpload }]) => isOfEachUpload);
  const writers = ofEach.flatMap(([, { writtenBy }]) => [...writtenBy]);
  t.equal(
    METRICS_OF_AN_UPLOAD.length + METRICS_OF_A_WEBHOOK.length,
    writers.length + 2,
    'each once for each service, and the two of a delivery',
  );
});

t.test('the chart draws the three designs, for a light and a dark ground', async (t) => {
  const chart = costChart(results, readParameters({ SERVERLESS_MS: '1000' }));
  for (const name of ['form', 'put', 'serverless']) t.match(chart, `<polyline class="line ${name}" points="`);
  t.match(chart, '@media (prefers-color-scheme: dark)');
  t.match(chart, /<circle class="mark"[^>]*\/><text [^>]*>form: [\d.]+ million<\/text>/);
  t.notMatch(chart, /NaN|Infinity|undefined/);
});
