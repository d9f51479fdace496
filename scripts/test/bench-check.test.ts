import t from 'tap';
import { compare, isPassed } from '../../bench/check/compare.ts';
import { checkRows, tally } from '../../bench/check/report.ts';
import type { Results } from '../../bench/read-results.ts';
import type { ByService, ServiceName } from '../../bench/uploads/results.ts';
import { SERVICES } from '../../bench/uploads/totals.ts';
import { sample } from './bench-sample.ts';

function failed(found: Results, committed = sample): string[] {
  return compare(found, committed)
    .filter((check) => !isPassed(check))
    .map(({ name }) => name);
}

/** The sample with the figures of the program changed in all rounds. */
function changed<Part extends 'issuer' | 'consumer' | 'start-up'>(
  part: Part,
  program: string,
  factors: object,
): Results {
  const results = sample[part].results.map(({ name, rounds }) => ({
    name,
    rounds: rounds.map((round) => (name === program ? multiplied(round, factors) : round)),
  }));
  return { ...sample, [part]: { ...sample[part], results } };
}

function multiplied(round: object, factors: object): object {
  const byName = factors as Readonly<Record<string, number>>;
  return Object.fromEntries(
    Object.entries(round).map(([name, figure]) => [name, figure * (byName[name] ?? 1)]),
  );
}

/** The sample with an additional call in a backlog of forms. */
function withCall(
  service: ServiceName,
  aws: 's3' | 'dynamodb' | 'sqs',
  operation: string,
  count = 1,
): Results {
  const { uploads } = sample;
  const { calls } = uploads.form.busy[service];
  const more = { ...calls, [aws]: { ...calls[aws], [operation]: count } };
  const busy: ByService = { ...uploads.form.busy, [service]: { ...uploads.form.busy[service], calls: more } };
  return { ...sample, uploads: { ...uploads, form: { ...uploads.form, busy } } };
}

t.test('the committed results pass beside themselves', async (t) => {
  t.strictSame(failed(sample), []);
});

t.test('a machine that is half as fast for all changes nothing', async (t) => {
  const slow = { perSecond: 0.5, cpuMicroseconds: 2 };
  const issuer = sample.issuer.results.map(({ name, rounds }) => ({
    name,
    rounds: rounds.map((round) => multiplied(round, slow)),
  })) as unknown as Results['issuer']['results'];
  t.strictSame(failed({ ...sample, issuer: { ...sample.issuer, results: issuer } }), []);
});

t.test('a ratio that falls below 0.6 of the committed one fails, of CPU below 0.7', async (t) => {
  const issuer = (factors: object) => failed(changed('issuer', 'url-issuer', factors));
  t.strictSame(issuer({ perSecond: 0.61 }), []);
  t.strictSame(issuer({ perSecond: 0.59 }), ['url-issuer: forms a second, × the plain issuer']);
  t.strictSame(issuer({ cpuMicroseconds: 1.4 }), []);
  t.strictSame(issuer({ cpuMicroseconds: 1.45 }), ['url-issuer: forms for the CPU of a plain one']);
  t.strictSame(issuer({ callsPerForm: 1.4 }), []);
  t.strictSame(issuer({ callsPerForm: 1.45 }), ['url-issuer: calls of DynamoDB a form']);
  const consumer = (factors: object) => failed(changed('consumer', 'upload-once, 10 in flight', factors));
  t.strictSame(consumer({ perSecond: 0.61 }), []);
  t.strictSame(consumer({ perSecond: 0.59 }), [
    'upload-once, 10 in flight: messages a second, × sqs-consumer',
  ]);
});

t.test('a round in which a program served nothing does not count', async (t) => {
  const results = sample.issuer.results.map(({ name, rounds }) => ({
    name,
    rounds: [...rounds, ...rounds, ...rounds].map((round, at) =>
      at % 3 === 0 || name !== 'plain issuer'
        ? round
        : { ...round, perSecond: 0, cpuMicroseconds: Number.NaN },
    ),
  }));
  t.strictSame(failed({ ...sample, issuer: { ...sample.issuer, results } }), []);
});

t.test('calls of SQS a message may grow by 1.4, and by what a short run adds', async (t) => {
  const consumer = (callsPerMessage: number) =>
    failed(changed('consumer', 'upload-once, 10 in flight', { callsPerMessage }));
  t.strictSame(consumer(2.1), [], '0.25 × 1.4 + 0.2');
  t.strictSame(consumer(2.3), ['upload-once, 10 in flight: calls of SQS a message']);
});

t.test('one call more an upload fails', async (t) => {
  t.strictSame(failed(withCall('acceptor', 's3', 'GetObject')), ['acceptor, form: calls of s3']);
  t.strictSame(failed(withCall('acceptor', 'dynamodb', 'Query')), ['acceptor, form: calls of dynamodb']);
  t.strictSame(failed(withCall('processor', 's3', 'HeadObject')), ['processor, form: calls of s3']);
  t.strictSame(failed(withCall('url-issuer', 'dynamodb', 'PutItem')), [
    'url-issuer, form: calls of dynamodb',
  ]);
  t.strictSame(failed(withCall('processor', 'sqs', 'ChangeMessageVisibility', 1.1)), [
    'processor, form: calls of sqs',
  ]);
});

t.test('a field more in a log line of each upload fails', async (t) => {
  const { uploads } = sample;
  const { busy } = uploads.form;
  const all = SERVICES.reduce((sum, name) => sum + busy[name].log.bytes, 0);
  const logging = (share: number) => {
    const log = { ...busy.acceptor.log, bytes: busy.acceptor.log.bytes + share * all };
    const form = { ...uploads.form, busy: { ...busy, acceptor: { ...busy.acceptor, log } } };
    return failed({ ...sample, uploads: { ...uploads, form } });
  };
  t.strictSame(logging(0.04), []);
  t.strictSame(logging(0.06), ['form: bytes of log']);
});

t.test('more memory at the start, and more CPU for traces, fails', async (t) => {
  const startUp = (factors: object) => failed(changed('start-up', 'acceptor', factors));
  t.strictSame(startUp({ residentMib: 1.04, ms: 3 }), []);
  t.strictSame(startUp({ residentMib: 1.06 }), ['acceptor: memory at its start, × node -e 0']);
  const unsampled = (watchedMicroseconds: number) =>
    failed({
      ...sample,
      unsampled: { ...sample.unsampled, rounds: [{ unwatchedMicroseconds: 2, watchedMicroseconds }] },
    });
  t.strictSame(unsampled(31), []);
  t.strictSame(unsampled(33), ['acceptor: the watch over what is not sampled, % of its CPU']);
});

t.test('a consumer that only one of both runs has is not compared', async (t) => {
  const renamed = (name: string) => name.replace('upload-once, 10', 'upload-once, 40');
  const results = sample.consumer.results.map((result) => ({ ...result, name: renamed(result.name) }));
  const names = compare({ ...sample, consumer: { ...sample.consumer, results } }, sample).map(
    ({ name }) => name,
  );
  t.notOk(names.some((name) => name.startsWith('upload-once')));
  t.ok(names.some((name) => name.startsWith('url-issuer')));
});

t.test('each check is printed with what is allowed, and counted as tap counts', async (t) => {
  const checks = compare(changed('issuer', 'url-issuer', { perSecond: 0.5 }), sample);
  t.strictSame(checkRows(checks)[1], [
    'url-issuer: forms a second, × the plain issuer',
    '1.50',
    '≥ 1.80',
    '3.00',
    'WORSE',
  ]);
  t.equal(tally(checks), `# { total: ${checks.length}, pass: ${checks.length - 1}, fail: 1 }`);
  t.equal(tally(checks.slice(1)), `# { total: ${checks.length - 1}, pass: ${checks.length - 1} }`);
});
