import fc from 'fast-check';
import t from 'tap';
import { shownLine } from '../dev/shown-line.ts';

process.env.NO_COLOR = '1';
const time = '2026-11-27T10:20:30.400Z';
const at = new Date(time).toTimeString().slice(0, 8);
/** What is shown of a service's log line. */
const shown = (entry: object) =>
  shownLine(JSON.stringify({ level: 'info', time, service: 'acceptor', ...entry }));
/** What is shown of a line of the handler's log. */
const shownOfHandler = (entry: object) =>
  shown({ service: 'processor', logger: 'handler', uploadId: 'a', attempt: 1, traceId: 't', ...entry });

t.test('the course of an upload is shown with its id', async (t) => {
  for (const [entry, line] of [
    [{ msg: 'upload accepted', uploadId: 'a b', outcome: 'accepted' }, `${at}  accepted   a b`],
    [{ msg: 'upload processed', uploadId: 'a', outcome: 'processed' }, `${at}  processed  a`],
    [
      { level: 'warn', msg: 'upload failed', uploadId: 'a', attempt: 5, outcome: 'failed' },
      `${at}  failed     a  attempt 5, the last`,
    ],
    [
      {
        service: 'webhook-sender',
        msg: 'webhook delivered',
        uploadId: 'a',
        type: 'upload.failed',
        host: 'b',
      },
      `${at}  webhook    a  upload.failed to b`,
    ],
    [{ level: 'warn', outcome: 'orphan', uploadId: 'a', msg: 'kept' }, `${at}  orphan     a  kept`],
    [{ outcome: 'identical-duplicate', uploadId: 'a', msg: 'kept' }, `${at}  duplicate  a  kept`],
    [{ level: 'warn', msg: 'slow', uploadId: 'a' }, `${at}  warning    a  acceptor: slow`],
    [{ level: 'error', msg: 'slow' }, `${at}  warning    acceptor: slow`],
  ] as const) {
    t.equal(shown(entry), line);
  }
});

t.test('a line of the handler’s log is shown as that, with the upload’s id and all fields', async (t) => {
  for (const [entry, more] of [
    [{ msg: 'saved', rows: 3 }, 'saved  {"rows":3}'],
    [{ msg: 'saved' }, 'saved'],
    [{ rows: 3 }, '{"rows":3}'],
    [{ msg: 'saved', fields: { id: 'row-7' } }, 'saved  {"fields":{"id":"row-7"}}'],
    [{ msg: 'odd', kind: 'invoice', key: 'customer-9' }, 'odd  {"kind":"invoice","key":"customer-9"}'],
    [{ msg: 'odd', kind: 3, key: null, body: [1] }, 'odd  {"kind":3,"key":null,"body":[1]}'],
    [
      { msg: 'odd', pid: 7, hostname: 'db', receiveCount: 1 },
      'odd  {"pid":7,"hostname":"db","receiveCount":1}',
    ],
    [{ msg: 'counted', _aws: {}, Service: 'processor' }, 'counted  {"_aws":{},"Service":"processor"}'],
    [{ msg: 'upload accepted' }, 'upload accepted'],
    [{ msg: 42 }, '42'],
    [{ msg: 'odd', err: 'text' }, 'odd  {"err":"text"}'],
    [{ msg: 'odd', err: null }, 'odd  {"err":null}'],
    [{ msg: 'odd', err: { code: 7 } }, 'odd  {"err":{"code":7}}'],
    [
      { err: { type: 'Full', message: 'no', code: 7, stack: 'Full: no' } },
      '{"err":{"code":7}}\n    Full: no',
    ],
    [{ err: { type: 'Full', message: 'no' } }, '\n    Full: no'],
    [{ msg: 'odd', err: { stack: 5 } }, 'odd  {"err":{"stack":5}}'],
    [
      { msg: 'x', err: { stack: 'Error: no\n    at mine (h.mjs:1:1)' } },
      'x\n    Error: no\n        at mine (h.mjs:1:1)',
    ],
    [{ msg: 'x\u001b[31m\u2028\u202ey' }, 'x?[31m??y'],
  ] as const) {
    for (const level of ['info', 'warn', 'error'])
      t.equal(
        shownOfHandler({ level, ...entry }),
        `${at}  handler    a${more.startsWith('\n') ? '' : '  '}${more}`,
      );
  }
});

t.test('an error is shown with the stack frames of the handler, or all where it has none', async (t) => {
  const stack =
    'Error: no space\n    at mine (file:///h.mjs:3:9)\n    at run (file:///x/services/processor/src/run.ts:1:1)';
  const failed = {
    msg: 'message failed, and comes back',
    receiveCount: 2,
    waitSeconds: 8,
    uploadId: '100% Zähler',
  };
  t.equal(
    shown({ ...failed, err: { stack } }),
    `${at}  failed     100% Zähler  attempt 2, again in 8 s\n    Error: no space\n        at mine (file:///h.mjs:3:9)`,
  );
  const ours =
    'LeaseLost: gone\n    at run (file:///x/services/processor/src/run.ts:1:1)\n    at node:internal/x:1:1';
  t.match(shown({ ...failed, err: { stack: ours } }), /LeaseLost: gone\n.*run\.ts.*\n.*node:internal/);
  const gaveUp = { msg: 'message is left to the dead-letter queue' };
  t.equal(
    shown({ ...gaveUp, uploadId: '100%', err: { type: 'E', message: 'm' } }),
    `${at}  gave up    100%  the message is left to the dead-letter queue\n    E: m`,
  );
  t.equal(shown(gaveUp), `${at}  gave up    the message is left to the dead-letter queue`);
});

t.test('a logger of the handler’s own, with the processor’s name, loses nothing', async (t) => {
  const ofOwnLogger = (entry: object) => shown({ service: 'processor', ...entry });
  for (const entry of [
    { msg: 'row stored', rows: 3 },
    { rows: 3 },
    { msg: 'row stored', kind: 'invoice', key: 'customer-9', rows: 3 },
    { level: 'debug', msg: 'row stored' },
  ]) {
    const line = JSON.stringify({ level: 'info', time, service: 'processor', ...entry });
    t.equal(shownLine(line), line);
  }
  t.equal(
    ofOwnLogger({ level: 'warn', msg: 'slow', uploadId: 'customer-9', rows: 3, attempt: 1 }),
    `${at}  warning    customer-9  processor: slow  {"rows":3,"attempt":1}`,
  );
  t.equal(
    ofOwnLogger({ level: 'error', msg: 'no', err: { stack: 'Full: no', code: 7 }, rows: 3 }),
    `${at}  warning    processor: no  {"err":{"code":7},"rows":3}\n    Full: no`,
  );
  t.equal(
    ofOwnLogger({ level: 'warn', msg: 'odd', kind: 'invoice', uploadId: 'customer-9', rows: 3 }),
    `${at}  warning    customer-9  processor: odd  {"kind":"invoice","rows":3}`,
  );
});

t.test('what says nothing to a person is left out', async (t) => {
  for (const service of ['acceptor', 'processor']) {
    for (const msg of [
      `${service} started`,
      'listening, and polling',
      'message waits: the lease of another worker',
      'message given back, the service stops',
      'the queue responds again',
      `${service} stops`,
      `${service} stopped`,
    ])
      t.equal(shown({ service, msg, port: 1 }), undefined, msg);
  }
  t.equal(shown({ msg: 'listening' }), undefined);
  t.equal(
    shownLine(JSON.stringify({ _aws: { Timestamp: 1 }, Service: 'acceptor', UploadsAccepted: 1 })),
    undefined,
  );
  t.equal(shownLine(''), undefined);
});

t.test('what no service of ours writes is shown as it is, JSON too', async (t) => {
  for (const line of [
    '{"cut',
    'null',
    '[1]',
    'at least\u2028this',
    '"text"',
    '{}',
    '{"hello":1}',
    '{"id":"a","msg":"m"}',
    '{"level":"info","msg":"upload accepted"}',
    '{"_aws":{},"Service":"mine"}',
    '{"_aws":1,"Service":"processor"}',
    `{"level":"info","time":"${time}","service":"mine","msg":"stored"}`,
    `{"level":"info","time":"${time}","msg":"stored"}`,
    '{"level":30,"time":1730000000000,"service":"processor","msg":"stored"}',
    '{"level":"info","time":"once","service":"processor","msg":"stored"}',
    `{"level":30,"time":"${time}","service":"processor","msg":"stored"}`,
  ]) {
    t.equal(shownLine(line), line);
  }
});

t.test('a service’s line whose fields are of other types is shown as it is', async (t) => {
  for (const entry of [
    { msg: 5 },
    { err: null, msg: 'm' },
    { err: { stack: 5 }, msg: 'm' },
    { err: 'text', msg: 'm' },
    { outcome: 3, uploadId: 'k', msg: 'm' },
    { outcome: 'a', uploadId: 7, msg: 'm' },
  ]) {
    const line = JSON.stringify({ level: 'error', time, service: 'processor', ...entry });
    t.equal(shownLine(line), line);
  }
});

/** Makes of other fields a line of the handler's log. */
const OURS = { level: 'info', time, service: 'processor', logger: 'handler', uploadId: 'a', attempt: 1 };

t.test('no line stops the display', async () => {
  const anything = fc.oneof(
    fc.string(),
    fc.jsonValue(),
    fc.record({ stack: fc.jsonValue(), type: fc.jsonValue() }),
  );
  const names = [
    'time',
    'level',
    'service',
    'logger',
    'uploadId',
    'outcome',
    'receiveCount',
    'err',
    'attempt',
    'fields',
    '_aws',
    'Service',
    '__proto__',
  ];
  const messages = fc.constantFrom('upload accepted', 'message failed, and comes back', 'other');
  const entries = fc
    .tuple(fc.dictionary(fc.constantFrom(...names), anything), fc.oneof(messages, anything))
    .chain(([fields, msg]) =>
      fc.constantFrom({ ...fields, msg }, { ...OURS, ...fields, msg }, { ...fields, ...OURS, msg }),
    )
    .map((entry) => JSON.stringify(entry));
  const lines = fc.oneof(entries, fc.json(), fc.string());
  fc.assert(
    fc.property(lines, (line) => ['string', 'undefined'].includes(typeof shownLine(line))),
    { numRuns: 2_000 },
  );
});
