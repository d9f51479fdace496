import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createMetrics, METRICS, type MetricName } from '../src/index.ts';

function metricsTo(lines: string[], clock = new VirtualClock()) {
  return createMetrics({
    service: 'acceptor',
    environment: 'staging',
    clock,
    write: (line) => lines.push(line),
  });
}

/** Of a line, the arrays of values. */
function valuesIn(line: string | undefined): unknown {
  const { _aws, Environment, Service, ...values } = JSON.parse(line ?? '{}');
  return values;
}

t.test('a value is one line in the embedded metric format', async (t) => {
  const lines: string[] = [];
  metricsTo(lines).add('DuplicateUploads', 3);
  t.equal(lines.length, 1);
  t.ok(lines[0]?.endsWith('}\n'));
  t.strictSame(JSON.parse(lines[0] ?? ''), {
    _aws: {
      Timestamp: 1_000_000,
      CloudWatchMetrics: [
        {
          Namespace: 'UploadOnce',
          Dimensions: [['Environment', 'Service']],
          Metrics: [{ Name: 'DuplicateUploads', Unit: 'Count' }],
        },
      ],
    },
    Environment: 'staging',
    Service: 'acceptor',
    DuplicateUploads: 3,
  });
});

t.test(
  'what is gathered comes once a second, as one line with arrays and the time of its first value',
  async (t) => {
    const lines: string[] = [];
    const clock = new VirtualClock();
    const metrics = metricsTo(lines, clock);
    metrics.addAll({ UploadsAccepted: 1, AcceptTime: 250 });
    clock.advance(600);
    metrics.addAll({ UploadsAccepted: 1, AcceptTime: 300 });
    metrics.add('MessagesRetried', 1);
    clock.advance(399);
    t.strictSame(lines, []);
    clock.advance(1);
    t.equal(lines.length, 1);
    t.strictSame(JSON.parse(lines[0] ?? ''), {
      _aws: {
        Timestamp: 1_000_000,
        CloudWatchMetrics: [
          {
            Namespace: 'UploadOnce',
            Dimensions: [['Environment', 'Service']],
            Metrics: [
              { Name: 'UploadsAccepted', Unit: 'Count' },
              { Name: 'AcceptTime', Unit: 'Milliseconds' },
              { Name: 'MessagesRetried', Unit: 'Count' },
            ],
          },
        ],
      },
      Environment: 'staging',
      Service: 'acceptor',
      UploadsAccepted: [1, 1],
      AcceptTime: [250, 300],
      MessagesRetried: [1],
    });
    t.equal(clock.pendingCount, 0, 'where nothing waits, nothing is written');
    metrics.add('UploadsAccepted', 1);
    clock.advance(1_000);
    t.strictSame(lines.slice(1).map(valuesIn), [{ UploadsAccepted: [1] }]);
  },
);

t.test('values with other dimensions are another line', async (t) => {
  const lines: string[] = [];
  const clock = new VirtualClock();
  const metrics = metricsTo(lines, clock);
  for (const Reason of ['Forbidden', 'BadRequest', 'Forbidden']) {
    metrics.add('RequestsRefused', 1, { Reason });
    metrics.add('RequestTime', 2);
  }
  clock.advance(1_000);
  t.strictSame(lines.map(valuesIn), [
    { Reason: 'Forbidden', RequestsRefused: [1, 1] },
    { RequestTime: [2, 2, 2] },
    { Reason: 'BadRequest', RequestsRefused: [1] },
  ]);
  t.match(JSON.parse(lines[0] ?? ''), {
    _aws: { CloudWatchMetrics: [{ Dimensions: [['Environment', 'Service', 'Reason']] }] },
  });
});

t.test('an array has 100 values at most: the line with the hundredth does not wait', async (t) => {
  const lines: string[] = [];
  const clock = new VirtualClock();
  const metrics = metricsTo(lines, clock);
  const values = Array.from({ length: 250 }, (_, at) => at);
  for (const value of values) metrics.addAll({ LeadTime: value, UploadsProcessed: 1 });
  t.equal(lines.length, 2);
  clock.advance(1_000);
  const written = lines.map((line) => valuesIn(line) as Record<string, number[]>);
  t.strictSame(
    written.map(({ LeadTime, UploadsProcessed }) => [LeadTime?.length, UploadsProcessed?.length]),
    [
      [100, 100],
      [100, 100],
      [50, 50],
    ],
  );
  t.strictSame(
    written.flatMap(({ LeadTime }) => LeadTime),
    values,
  );
  t.ok(Object.keys(METRICS).length <= 100, 'and a line has 100 metrics at most');
});

t.test('of the metrics in a line, the first with a hundred values ends it', async (t) => {
  const lines: string[] = [];
  const metrics = metricsTo(lines, new VirtualClock());
  metrics.addAll({ LeadTime: 0 });
  for (let value = 1; value < 100; value += 1) metrics.addAll({ LeadTime: value, UploadsProcessed: 1 });
  t.equal(lines.length, 1);
});

t.test('what was gathered is written at the end, and nothing waits after it', async (t) => {
  const lines: string[] = [];
  const clock = new VirtualClock();
  const metrics = metricsTo(lines, clock);
  metrics.add('UploadsIssued', 1);
  metrics.end();
  t.strictSame(lines.map(valuesIn), [{ UploadsIssued: [1] }]);
  t.equal(clock.pendingCount, 0);
  metrics.add('UploadsIssued', 1);
  t.strictSame(lines.map(valuesIn), [{ UploadsIssued: [1] }, { UploadsIssued: 1 }]);
  metrics.end();
  t.equal(lines.length, 2);
});

t.test('of several values, all are added or none', async (t) => {
  const lines: string[] = [];
  const metrics = metricsTo(lines);
  t.throws(() => metrics.addAll({ DuplicateUploads: 1, RequestsRefused: 1 }), RangeError);
  metrics.end();
  t.strictSame(lines, []);
  metrics.addAll({ DuplicateUploads: 1, OrphanObjects: 2 });
  t.strictSame(lines.map(valuesIn), [{ DuplicateUploads: 1, OrphanObjects: 2 }]);
});

t.test('every metric can be written and keeps to the limits of the format', async (t) => {
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const lines: string[] = [];
    const dimensions = Object.fromEntries(METRICS[name].dimensions.map((dimension) => [dimension, 'x']));
    const metrics = metricsTo(lines);
    metrics.add(name, 0, dimensions);
    t.equal(lines.length, METRICS[name].isGathered ? 0 : 1, name);
    metrics.end();
    t.match(JSON.parse(lines[0] ?? ''), {
      _aws: { CloudWatchMetrics: [{ Metrics: [{ Name: name, Unit: /^(Count|Bytes|Milliseconds)$/ }] }] },
      [name]: METRICS[name].isGathered ? [0] : 0,
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
  metrics.end();
  t.strictSame(lines, []);
});

t.test('gauges are read with the lines that there are, and make none', async (t) => {
  const lines: string[] = [];
  const clock = new VirtualClock();
  const metrics = metricsTo(lines, clock);
  let inFlight = 2;
  metrics.gauge('MessagesInFlight', () => inFlight);
  clock.advance(10_000);
  metrics.add('DuplicateUploads', 1);
  t.strictSame(lines.map(valuesIn), [{ DuplicateUploads: 1 }], 'none in a line that is written at once');
  metrics.add('UploadsAccepted', 1);
  metrics.add('RequestsRefused', 1, { Reason: 'NotFound' });
  inFlight = 7;
  clock.advance(1_000);
  t.strictSame(lines.slice(1).map(valuesIn), [
    { UploadsAccepted: [1], MessagesInFlight: 7 },
    { Reason: 'NotFound', RequestsRefused: [1] },
  ]);
  t.match(JSON.parse(lines[1] ?? '')._aws.CloudWatchMetrics[0].Metrics[1], { Name: 'MessagesInFlight' });
  metrics.add('UploadsAccepted', 1);
  clock.advance(58_000);
  metrics.add('UploadsAccepted', 1);
  clock.advance(2_000);
  metrics.add('UploadsAccepted', 1);
  metrics.end();
  t.strictSame(
    lines.slice(3).map(valuesIn),
    [{ UploadsAccepted: [1] }, { UploadsAccepted: [1] }, { UploadsAccepted: [1], MessagesInFlight: 7 }],
    'once a minute, and at the end',
  );
});
