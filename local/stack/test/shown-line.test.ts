import fc from 'fast-check';
import t from 'tap';
import { shownLine } from '../dev/shown-line.ts';

process.env.NO_COLOR = '1';
const time = '2026-11-27T10:20:30.400Z';
const at = new Date(time).toTimeString().slice(0, 8);
const shown = (entry: object) => shownLine(JSON.stringify({ time, ...entry }));

t.test('the course of an upload is shown with its id', async (t) => {
  for (const [entry, line] of [
    [{ msg: 'upload accepted', key: 'accepted/a b' }, `${at}  accepted   a b`],
    [{ msg: 'upload recorded as PROCESSED', key: 'uploads/a' }, `${at}  processed  a`],
    [{ level: 'warn', kind: 'orphan', key: 'accepted/a', msg: 'kept' }, `${at}  orphan     a  kept`],
    [{ id: 'a', attempt: 1, msg: 'saved', rows: 3 }, `${at}  handler    a  saved  {"rows":3}`],
    [{ id: 'a', attempt: 1, msg: 'saved' }, `${at}  handler    a  saved`],
    [
      { level: 'warn', service: 'acceptor', msg: 'slow', key: 'uploads/a' },
      `${at}  warning    a  acceptor: slow`,
    ],
    [{ level: 'error', service: 'acceptor', msg: 'slow' }, `${at}  warning    acceptor: slow`],
  ] as const) {
    t.equal(shown(entry), line);
  }
});

t.test('an error is shown with the stack frames of the handler, or all where it has none', async (t) => {
  const body = '{"Records":[{"s3":{"object":{"key":"accepted/100%25+Z%C3%A4hler","size":1';
  const stack =
    'Error: no space\n    at mine (file:///h.mjs:3:9)\n    at run (file:///x/services/processor/src/run.ts:1:1)';
  const failed = { msg: 'message failed, and comes back', receiveCount: 2, waitSeconds: 8, body };
  t.equal(
    shown({ ...failed, err: { stack } }),
    `${at}  failed     100% Zähler  attempt 2, again in 8 s\n    Error: no space\n        at mine (file:///h.mjs:3:9)`,
  );
  const ours =
    'LeaseLost: gone\n    at run (file:///x/services/processor/src/run.ts:1:1)\n    at node:internal/x:1:1';
  t.match(shown({ ...failed, err: { stack: ours } }), /LeaseLost: gone\n.*run\.ts.*\n.*node:internal/);
  const gaveUp = { msg: 'message is left to the dead-letter queue', body: '{"key":"100%' };
  t.equal(
    shown({ ...gaveUp, body: '{"key":"100%"', err: { type: 'E', message: 'm' } }),
    `${at}  gave up    100%  the message is left to the dead-letter queue\n    E: m`,
  );
  t.equal(shown(gaveUp), `${at}  gave up    the message is left to the dead-letter queue`);
});

t.test('what says nothing to a person is left out; what can’t be read is shown as it is', async (t) => {
  for (const entry of [
    { _aws: {}, id: 'a' },
    { level: 'info', msg: 'listening' },
  ])
    t.equal(shown(entry), undefined);
  t.equal(shownLine(''), undefined);
  for (const line of ['{"cut', 'null', '[1]', 'at least\u2028this', '"text"']) t.equal(shownLine(line), line);
  t.equal(shown({ id: 'a', msg: 'x\u001b[31m\u2028\u202ey' }), `${at}  handler    a  x?[31m??y`);
});

t.test('a line whose fields are of other types is shown as it is', async (t) => {
  for (const entry of [
    { id: 42, level: 'info', msg: 'customer found' },
    { id: null, msg: 'm' },
    { id: [], msg: 'm' },
    { id: {}, msg: 'm' },
    { id: 'a', level: 'error', err: null, msg: 'm' },
    { id: 'a', err: { stack: 5 }, msg: 'm' },
    { id: 'a', err: 'text', msg: 'm' },
    { kind: 3, key: 'k', msg: 'm' },
    { kind: 'a', key: 7, msg: 'm' },
  ]) {
    t.equal(shownLine(JSON.stringify(entry)), JSON.stringify(entry));
  }
});

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
    'key',
    'id',
    'kind',
    'body',
    'receiveCount',
    'err',
    '_aws',
    '__proto__',
  ];
  const messages = fc.constantFrom('upload accepted', 'message failed, and comes back', 'other');
  const entries = fc
    .tuple(fc.dictionary(fc.constantFrom(...names), anything), fc.oneof(messages, anything))
    .map(([fields, msg]) => JSON.stringify({ ...fields, msg }));
  const lines = fc.oneof(entries, fc.json(), fc.string());
  fc.assert(
    fc.property(lines, (line) => ['string', 'undefined'].includes(typeof shownLine(line))),
    { numRuns: 2_000 },
  );
});
