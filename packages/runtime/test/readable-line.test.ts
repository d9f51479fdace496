import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import t from 'tap';
import { readableLine } from '../src/readable-line.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/service.ts', import.meta.url));
const time = '2026-11-27T10:20:30.400Z';
const at = new Date(time).toTimeString().slice(0, 8);
const shown = (entry: object) =>
  stripVTControlCharacters(
    readableLine(JSON.stringify({ level: 'info', time, service: 'acceptor', ...entry })) ?? 'nothing',
  );

t.test('a line has its time, outcome, upload, message and the fields that say more', async (t) => {
  const accepted = { uploadId: 'a b', versionId: 'v', traceId: 't', durationMs: 25, outcome: 'accepted' };
  t.equal(
    shown({ ...accepted, msg: 'upload accepted' }),
    `${at}  accepted   "a b"  upload accepted  durationMs=25`,
  );
  t.equal(shown({ level: 'warn', msg: 'slow', queue: 'q', n: [1] }), `${at}  warn       slow  queue=q n=[1]`);
  t.equal(shown({ msg: 'stored' }), `${at}  info       stored`);
});

t.test('a line of a handler has all fields of the handler', async (t) => {
  const ids = { requestId: 'r', messageId: 'm1', versionId: 'v', pid: 7 };
  t.equal(shown({ ...ids, msg: 'm' }), `${at}  info       m`);
  t.equal(
    shown({ ...ids, logger: 'handler', traceId: 't', msg: 'm' }),
    `${at}  info       m  requestId=r messageId=m1 versionId=v pid=7`,
  );
});

t.test('no value looks like another field', async (t) => {
  const name = 'a.pdf  outcome=accepted';
  t.equal(
    shown({ msg: 'm', file: name, [name]: 'x', quote: 'say "no"', empty: '', word: 'a.pdf' }),
    `${at}  info       m  file="${name}" "${name}"=x quote="say \\"no\\"" empty="" word=a.pdf`,
  );
  t.equal(shown({ uploadId: name, msg: `got ${name}` }), `${at}  info       "${name}"  "got ${name}"`);
  t.equal(shown({ uploadId: 'u', msg: 'a=b' }), `${at}  info       u  "a=b"`);
});

t.test('an error follows with its stack, and nothing moves the cursor', async (t) => {
  const err = { type: 'Full', message: 'no space', stack: 'Full: no space\n    at mine (h.mjs:1:1)' };
  t.equal(
    shown({ level: 'error', msg: 'no', err }),
    `${at}  error      no\n    Full: no space\n        at mine (h.mjs:1:1)`,
  );
  t.equal(shown({ level: 'error', msg: 'no', err: 'text' }), `${at}  error      no\n    text`);
  t.equal(shown({ msg: 'x\u001b[31m\u202ey', id: '\u202e' }), `${at}  info       x?[31m?y  id=?`);
  const hostile = '\u001b[2J\n\u202eFORGED';
  const plain = { level: 'info', time, msg: 'm', uploadId: 'u', outcome: 'accepted', queue: 'q', err: 'e' };
  t.match(shown({ level: hostile, msg: 'm' }), `${at}  ?[2J??FORGED  m`);
  t.match(shown({ level: 'constructor', msg: 'm' }), `${at}  constructor  m`);
  for (const name of [...Object.keys(plain), 'nested', hostile]) {
    const value = name === 'nested' ? { [hostile]: [hostile] } : hostile;
    const line = readableLine(JSON.stringify({ ...plain, [name]: value })) ?? '';
    t.match(line, name === 'level' ? 'accepted' : 'FORGED', name);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    t.notMatch(line.replaceAll(/\u001b\[\d+m/g, ''), /\u001b|\u202e|\n(?! {4})/, name);
  }
});

t.test('metrics are not shown, and what is no log line is shown as it is', async (t) => {
  t.equal(readableLine(JSON.stringify({ _aws: {}, Service: 'acceptor', UploadsAccepted: 1 })), undefined);
  for (const line of ['plain', '{"cut', 'null', '[1]', '{"a":1}', '"text"'])
    t.equal(readableLine(line), line);
});

t.test('at a terminal a service writes such lines', async (t) => {
  const env = { PATH: process.env['PATH'], BEHAVIOUR: 'fails-to-start', TERM: 'xterm' };
  const command = `'${process.execPath}' '${FIXTURE}'`;
  const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = stripVTControlCharacters(await text(terminal.stdout)).split('\r\n');
  t.match(lines[0], /^\d\d:\d\d:\d\d {2}fatal {6}fixture could not start: the table "uploads" is not there$/);
  t.match(lines[1], /^ {4}Error: the table "uploads" is not there$/);
  t.notMatch(lines.join('\n'), /_aws|UploadsIssued/);
});
