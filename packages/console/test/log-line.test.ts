import fc from 'fast-check';
import t from 'tap';
import { isMetricLine, parseLogLine } from '../src/log-line.ts';

const LINE = {
  level: 'info',
  time: '2026-01-01T00:00:01.000Z',
  service: 'acceptor',
  uploadId: 'file-1',
  versionId: 'v1',
  sizeBytes: 7,
  traceId: 'a'.repeat(32),
  storedAt: '2026-01-01T00:00:00.900Z',
  durationMs: 100,
  outcome: 'accepted',
  msg: 'upload accepted',
};
const read = (fields: object) => parseLogLine(JSON.stringify({ ...LINE, ...fields }));

t.test('a line about an upload', async (t) => {
  t.strictSame(read({}), {
    at: new Date(LINE.time),
    service: 'acceptor',
    outcome: 'accepted',
    message: 'upload accepted',
    uploadId: 'file-1',
    versionId: 'v1',
    traceId: LINE.traceId,
    sizeBytes: 7,
    durationMs: 100,
    storedAt: new Date(LINE.storedAt),
  });
});

t.test(
  'what has another type than a service gives it is left out, and what is no line of ours is none',
  async (t) => {
    t.match(read({ uploadId: 7, sizeBytes: 'many', storedAt: 'soon', traceId: '' }), {
      uploadId: undefined,
      sizeBytes: undefined,
      storedAt: undefined,
      traceId: undefined,
    });
    t.equal((read({ uploadId: 'x'.repeat(5_000) }) as { uploadId: string }).uploadId.length, 1_024);
    t.equal((read({ versionId: 'x'.repeat(5_000) }) as { versionId: string }).versionId.length, 200);
    t.equal((read({ msg: 'x'.repeat(5_000) }) as { message: string }).message.length, 200);
    for (const fields of [
      { outcome: undefined },
      { outcome: 7 },
      { time: 'now' },
      { time: 1 },
      { service: null },
    ])
      t.equal(read(fields), undefined, JSON.stringify(fields));
    for (const line of ['', 'text', '{', '{"a":', 'null', '[1]', '7', `{"a":"${'x'.repeat(20_000)}"}`])
      t.equal(parseLogLine(line), undefined, line.slice(0, 10));
  },
);

t.test('a line of metrics gives each value, alone or in an array', async (t) => {
  const metrics = [
    { Name: 'LeadTime' },
    { Name: 'UploadsProcessed' },
    { Name: 'Missing' },
    { Name: 'Text' },
    {},
  ];
  const line = {
    _aws: { Timestamp: 1_000, CloudWatchMetrics: [{ Metrics: metrics }, {}] },
    LeadTime: [10, 20],
    UploadsProcessed: 2,
    Text: 'x',
  };
  const read = parseLogLine(JSON.stringify(line));
  t.ok(read && isMetricLine(read));
  t.strictSame(read, { at: new Date(1_000), values: { LeadTime: [10, 20], UploadsProcessed: [2] } });
  for (const _aws of [
    {},
    { Timestamp: 'x', CloudWatchMetrics: [] },
    { Timestamp: 1, CloudWatchMetrics: 'x' },
  ])
    t.equal(parseLogLine(JSON.stringify({ _aws })), undefined);
});

t.test('a number that no service can give is left out', async (t) => {
  for (const value of [1e300, -1, 400 * 24 * 60 * 60_000])
    t.match(read({ leadTimeMs: value, durationMs: value }), { leadTimeMs: undefined, durationMs: undefined });
  for (const value of [1e300, -1, null])
    t.match(read({ sizeBytes: value, attempt: value }), { sizeBytes: undefined, attempt: undefined });
  for (const value of ['+275760-09-13T00:00:00.000Z', '-000001-01-01T00:00:00.000Z']) {
    t.equal(read({ time: value }), undefined);
    t.match(read({ storedAt: value, issuedAt: value }), { storedAt: undefined, issuedAt: undefined });
  }
  t.match(read({ leadTimeMs: 0, sizeBytes: 5e12 }), { leadTimeMs: 0, sizeBytes: 5e12 });
});

t.test('metrics whose parts are no objects, or whose time is no time, are no failure', async (t) => {
  for (const _aws of [null, 7, 'x', [], { Timestamp: 1e300, CloudWatchMetrics: [] }])
    t.equal(parseLogLine(JSON.stringify({ _aws })), undefined, JSON.stringify(_aws));
  for (const CloudWatchMetrics of [[null], [7], [{ Metrics: [null] }], [{ Metrics: [{ Name: null }] }]])
    t.strictSame(parseLogLine(JSON.stringify({ _aws: { Timestamp: 1, CloudWatchMetrics } })), {
      at: new Date(1),
      values: {},
    });
});

t.test('no JSON makes it throw, and each number and time that it gives can be shown', async () => {
  const names = ['time', 'service', 'outcome', 'leadTimeMs', 'storedAt', '_aws', 'Timestamp', 'Name'];
  const any = fc.oneof(fc.jsonValue(), fc.constantFrom(LINE.time, 1e300, null, [null]));
  const metrics = fc.record({ Timestamp: any, CloudWatchMetrics: fc.array(any) }, { requiredKeys: [] });
  const line = fc.oneof(
    fc.dictionary(fc.constantFrom(...names), any),
    fc.record({ _aws: fc.oneof(any, metrics) }),
    any,
  );
  fc.assert(
    fc.property(line, (fields) => {
      const entry = parseLogLine(JSON.stringify(fields));
      if (!entry) return;
      entry.at.toISOString();
      if (!isMetricLine(entry)) new Date(entry.at.getTime() - (entry.leadTimeMs ?? 0)).toISOString();
    }),
    { numRuns: 1_000 },
  );
});
