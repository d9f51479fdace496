import t from 'tap';
import { createOpenMetrics, METRICS, type MetricName, openMetricsNameOf } from '../src/index.ts';

const create = () => createOpenMetrics({ service: 'acceptor', environment: 'staging' });
const LABELS = 'environment="staging",service="acceptor"';

t.test('a counter is one sum, with its labels', async (t) => {
  const metrics = createOpenMetrics({ service: 'another', environment: 'staging' });
  const LABELS = 'environment="staging",service="another"';
  metrics.add('RequestsRefused', 1, { Reason: 'Forbidden' });
  metrics.add('RequestsRefused', 2, { Reason: 'say "no"\\\n' });
  metrics.add('RequestsRefused', 1, { Reason: 'Forbidden' });
  const name = 'upload_once_requests_refused';
  t.strictSame(metrics.text().split('\n'), [
    `# TYPE ${name} counter`,
    `# HELP ${name} ${METRICS.RequestsRefused.description}`,
    `${name}_total{${LABELS},reason="Forbidden"} 2`,
    `${name}_total{${LABELS},reason="say \\"no\\"\\\\\\n"} 2`,
    '# EOF',
    '',
  ]);
});

t.test('all that a service writes begins at 0, so that its first event is an increase', async (t) => {
  for (const service of ['url-issuer', 'acceptor', 'processor', 'webhook-sender']) {
    const metrics = createOpenMetrics({ service, environment: 'staging' });
    const lines = metrics.text().split('\n');
    const labels = `environment="staging",service="${service}"`;
    for (const [name, { kind, writtenBy, dimensions }] of Object.entries(METRICS)) {
      const called = openMetricsNameOf(name as MetricName);
      const ofMetric = lines.filter((line) => line.startsWith(`${called}{`) || line.startsWith(`${called}_`));
      const begins =
        kind !== 'gauge' && dimensions.length === 0 && writtenBy.some((writer) => writer === service);
      const counted = kind === 'counter' ? 'total' : 'count';
      t.equal(ofMetric.includes(`${called}_${counted}{${labels}} 0`), begins, `${service}: ${name}`);
      t.ok(ofMetric.length === 0 || begins, `${service}: ${name}`);
    }
    t.notOk(
      lines.some((line) => line !== '' && !line.startsWith('#') && !line.endsWith(' 0')),
      service,
    );
  }
});

t.test('a series with dimensions begins at 0 as soon as it is named', async (t) => {
  const metrics = createOpenMetrics({ service: 'url-issuer', environment: 'staging' });
  const samples = () => metrics.text().match(/^upload_once_requests_refused_total.*$/gm);
  t.equal(samples(), null);
  metrics.begin('RequestsRefused', { Reason: 'Forbidden' });
  const name =
    'upload_once_requests_refused_total{environment="staging",service="url-issuer",reason="Forbidden"}';
  t.strictSame(samples(), [`${name} 0`]);
  metrics.add('RequestsRefused', 1, { Reason: 'Forbidden' });
  metrics.begin('RequestsRefused', { Reason: 'Forbidden' });
  t.strictSame(samples(), [`${name} 1`], 'and goes on');
});

t.test('a histogram counts the values up to each bound, in seconds', async (t) => {
  const metrics = create();
  metrics.addAll({ AcceptTime: 250, UploadsAccepted: 1 });
  metrics.add('AcceptTime', 251);
  metrics.add('AcceptTime', 99_999_999);
  const lines = metrics.text().split('\n');
  const name = 'upload_once_accept_time_seconds';
  t.ok(lines.includes(`# TYPE ${name} histogram`));
  t.ok(lines.includes(`# UNIT ${name} seconds`));
  const buckets = lines.filter((line) => line.startsWith(`${name}_bucket`));
  t.match(buckets.at(0), `${name}_bucket{${LABELS},le="0.001"} 0`);
  t.ok(buckets.includes(`${name}_bucket{${LABELS},le="0.25"} 1`));
  t.ok(buckets.includes(`${name}_bucket{${LABELS},le="0.5"} 2`));
  t.ok(buckets.includes(`${name}_bucket{${LABELS},le="43200.0"} 2`));
  t.equal(buckets.at(-1), `${name}_bucket{${LABELS},le="+Inf"} 3`);
  t.ok(lines.includes(`${name}_count{${LABELS}} 3`));
  t.match(
    lines.find((line) => line.startsWith(`${name}_sum`)),
    / 100000\.5/,
  );
  t.ok(lines.includes(`upload_once_uploads_accepted_total{${LABELS}} 1`));
});

t.test('a gauge is read whenever it is asked for', async (t) => {
  const metrics = create();
  let inFlight = 3;
  metrics.gauge('MessagesInFlight', () => inFlight);
  metrics.gauge('EventLoopDelay', () => 1_500);
  t.match(metrics.text(), `\nupload_once_messages_in_flight{${LABELS}} 3\n`);
  inFlight = 0;
  t.match(metrics.text(), `\nupload_once_messages_in_flight{${LABELS}} 0\n`);
  t.match(metrics.text(), `\nupload_once_event_loop_delay_seconds{${LABELS}} 1.5\n`);
});

t.test('every metric has a name of its own, as OpenMetrics has them', async (t) => {
  const names = (Object.keys(METRICS) as MetricName[]).map(openMetricsNameOf);
  t.equal(new Set(names).size, names.length);
  for (const name of names) t.match(name, /^upload_once(_[a-z]+)+$/);
});

t.test('what CloudWatch would refuse is refused here as well, and nothing of it is counted', async (t) => {
  const metrics = create();
  t.throws(() => metrics.add('LeadTime', Number.NaN), RangeError);
  t.throws(() => metrics.add('RequestsRefused', 1), RangeError);
  t.throws(() => metrics.addAll({ UploadsAccepted: 1, RequestsRefused: 1 }), RangeError);
  t.throws(() => metrics.begin('RequestsRefused', {}), RangeError);
  t.equal(metrics.text(), create().text());
});
