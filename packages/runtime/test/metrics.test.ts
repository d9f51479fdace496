import t from 'tap';
import { createMetrics, METRICS, type MetricName } from '../src/index.ts';

function metricsTo(lines: string[]) {
  return createMetrics({
    service: 'acceptor',
    environment: 'staging',
    now: () => new Date(1_893_456_000_123),
    write: (line) => lines.push(line),
  });
}

t.test('a value is one line in the embedded metric format', async (t) => {
  const lines: string[] = [];
  metricsTo(lines).add('BytesAccepted', 1024);
  t.equal(lines.length, 1);
  t.ok(lines[0]?.endsWith('}\n'));
  t.strictSame(JSON.parse(lines[0] ?? ''), {
    _aws: {
      Timestamp: 1_893_456_000_123,
      CloudWatchMetrics: [
        {
          Namespace: 'UploadOnce',
          Dimensions: [['Environment', 'Service']],
          Metrics: [{ Name: 'BytesAccepted', Unit: 'Bytes' }],
        },
      ],
    },
    Environment: 'staging',
    Service: 'acceptor',
    BytesAccepted: 1024,
  });
});

t.test('several values are one line', async (t) => {
  const lines: string[] = [];
  metricsTo(lines).addAll({ UploadsAccepted: 1, AcceptTime: 250 });
  t.equal(lines.length, 1);
  t.match(JSON.parse(lines[0] ?? ''), {
    _aws: {
      CloudWatchMetrics: [
        {
          Dimensions: [['Environment', 'Service']],
          Metrics: [
            { Name: 'UploadsAccepted', Unit: 'Count' },
            { Name: 'AcceptTime', Unit: 'Milliseconds' },
          ],
        },
      ],
    },
    UploadsAccepted: 1,
    AcceptTime: 250,
  });
  t.throws(() => metricsTo(lines).addAll({ UploadsAccepted: 1, RequestsRefused: 1 }), RangeError);
  t.equal(lines.length, 1, 'all or none');
});

t.test("a metric's own dimension comes after the two that all have", async (t) => {
  const lines: string[] = [];
  metricsTo(lines).add('RequestsRefused', 1, { Reason: 'Forbidden' });
  t.match(JSON.parse(lines[0] ?? ''), {
    _aws: { CloudWatchMetrics: [{ Dimensions: [['Environment', 'Service', 'Reason']] }] },
    Reason: 'Forbidden',
    RequestsRefused: 1,
  });
});

t.test('every metric can be written and keeps to the limits of the format', async (t) => {
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const lines: string[] = [];
    const dimensions = Object.fromEntries(METRICS[name].dimensions.map((dimension) => [dimension, 'x']));
    metricsTo(lines).add(name, 0, dimensions);
    t.match(JSON.parse(lines[0] ?? ''), {
      _aws: { CloudWatchMetrics: [{ Metrics: [{ Name: name, Unit: /^(Count|Bytes|Milliseconds)$/ }] }] },
      [name]: 0,
    });
  }
});

t.test('what CloudWatch would drop in silence is refused', async (t) => {
  const lines: string[] = [];
  const metrics = metricsTo(lines);
  t.throws(() => metrics.add('LeadTime', Number.NaN), { message: 'LeadTime takes a finite number, not NaN' });
  t.throws(() => metrics.add('RequestsRefused', 1), {
    message: 'RequestsRefused takes the dimensions Reason, not none',
  });
  t.throws(() => metrics.add('LeadTime', 1, { Key: 'k' }), {
    message: 'LeadTime takes no dimension of its own, not Key',
  });
  t.throws(() => metrics.add('RequestsRefused', 1, { Reson: 'x' }), RangeError);
  t.throws(() => metrics.add('RequestsRefused', 1, { Reason: ' ' }), {
    message: 'RequestsRefused: Reason takes 1 to 1024 characters that are not all blank, not " "',
  });
  t.throws(() => metrics.add('RequestsRefused', 1, { Reason: 'x'.repeat(1025) }), RangeError);
  t.strictSame(lines, []);
});
