import { byteSize } from '@upload-once/text/byte-size';
import { printable } from '@upload-once/text/printable';
import t from 'tap';
import { createProgressBars, type Terminal } from '../src/progress-bars.ts';
import { progressLine } from '../src/progress-line.ts';

const ESCAPE = String.fromCharCode(0x1b);
const MIB = 1024 * 1024;

/** The bar of the one file that is sent. */
function createProgressBar(options: {
  terminal: Terminal;
  label: string;
  totalBytes: number;
  now: () => Date;
}) {
  const { terminal, label, totalBytes, now } = options;
  return createProgressBars({ terminal, now, files: { count: 1, totalBytes } }).add(label, totalBytes);
}

/** A terminal and a clock that stand still until the test moves them. */
function stage(columns?: number) {
  const terminal = { text: '', writes: 0, ...(columns !== undefined && { columns }), write };
  function write(text: string) {
    terminal.text += text;
    terminal.writes += 1;
  }
  let ms = 1_000_000;
  return {
    terminal,
    now: () => new Date(ms),
    pass(elapsedMs: number) {
      ms += elapsedMs;
    },
    /** What stands on the line now. */
    line: () => (terminal.text.split('\r').at(-1) ?? '').replace('\x1b[K', ''),
  };
}

t.test('shows bytes, percent, rate and time left, each in its place', async (t) => {
  const { terminal, now, pass, line } = stage(81);
  const bar = createProgressBar({ terminal, label: 'photo.jpg', totalBytes: 100 * MIB, now });
  t.equal(line(), 'photo.jpg  [-------------]    0 %    0.0/100.0 MiB');
  pass(1000);
  bar.update(10 * MIB);
  t.equal(line(), 'photo.jpg  [#------------]   10 %   10.0/100.0 MiB  10.0 MiB/s    0:09 left');
  pass(1000);
  bar.update(50 * MIB);
  t.equal(line(), 'photo.jpg  [######-------]   50 %   50.0/100.0 MiB  25.0 MiB/s    0:02 left');
  bar.update(100 * MIB);
  t.equal(line(), 'photo.jpg  [#############]  100 %  100.0/100.0 MiB  50.0 MiB/s    waiting for S3');
  t.equal(line().length, 80);
});

t.test('redraws at most ten times a second, but always at the end', async (t) => {
  const { terminal, now, pass } = stage(80);
  const bar = createProgressBar({ terminal, label: 'f', totalBytes: 1000, now });
  for (let sent = 1; sent <= 999; sent++) {
    pass(1);
    bar.update(sent);
  }
  t.equal(terminal.writes, 1 + 9);
  bar.update(1000);
  t.equal(terminal.writes, 1 + 9 + 1);
  t.match(terminal.text, /100 %/);
});

t.test('the rate is that of the last five seconds', async (t) => {
  const { terminal, now, pass, line } = stage(100);
  const bar = createProgressBar({ terminal, label: 'f', totalBytes: 1000 * MIB, now });
  for (let second = 1; second <= 5; second++) {
    pass(1000);
    bar.update(second * 100 * MIB);
  }
  t.match(line(), /100\.0 MiB\/s/);
  for (let second = 1; second <= 5; second++) {
    pass(1000);
    bar.update((500 + second) * MIB);
  }
  t.match(line(), / 1\.0 MiB\/s +8:15 left/);
  for (let second = 1; second <= 5; second++) {
    pass(1000);
    bar.update(505 * MIB);
  }
  t.match(line(), / 0 bytes\/s +stalled/);
});

t.test('a clock that is set back does not stop it', async (t) => {
  const { terminal, now, pass, line } = stage(100);
  const bar = createProgressBar({ terminal, label: 'f', totalBytes: 10, now });
  pass(-3_600_000);
  bar.update(5);
  t.match(line(), /50 % {3}5\/10 bytes$/);
});

t.test('clearing leaves nothing behind', async (t) => {
  const { terminal, now, line } = stage();
  const bar = createProgressBar({ terminal, label: 'f', totalBytes: 0, now });
  t.match(line(), /100 % {2}0\/0 bytes +waiting for S3/);
  bar.remove();
  t.equal(line(), '');
  t.ok(terminal.text.endsWith('\r\x1b[K'));
});

t.test('fits every terminal: the name goes first, then the bar', async (t) => {
  const state = { label: 'a-long-name-of-some-photo.jpg', sentBytes: 5, totalBytes: 10, bytesPerSecond: 1 };
  for (let columns = 0; columns <= 200; columns++) {
    const line = progressLine({ ...state, columns });
    t.ok(line.length < Math.max(columns, 1), `${columns} columns`);
  }
  t.match(
    progressLine({ ...state, columns: 120 }),
    /^a-long-name-of-some-photo.jpg {2}\[#{18}-{18}\] {3}50 %/,
  );
  t.match(progressLine({ ...state, columns: 80 }), /^a-long-name-\.\.\. {2}\[#{5}-{5}\] {3}50 %/);
  t.match(progressLine({ ...state, columns: 63 }), /^\[#{5}-{5}\] {3}50 %/);
  t.match(progressLine({ ...state, columns: 40 }), /^ 50 % {3}5\/10 bytes/);
});

t.test('a name that is wide, long or hostile keeps to its place', async (t) => {
  const of = (label: string) =>
    progressLine({ label, sentBytes: 1, totalBytes: 2, bytesPerSecond: undefined, columns: 80 });
  t.match(of('写真'.repeat(20)), /^(写真){3}写\.\.\. {2}\[/);
  t.match(of('\x1b[2Jgone\r\n'), /^\?\[2Jgone\?\? {2}\[/);
  t.match(of(''), /^\[/);
});

t.test('time left', async (t) => {
  const left = (seconds: number) =>
    progressLine({ label: '', sentBytes: 0, totalBytes: seconds, bytesPerSecond: 1, columns: 80 });
  t.match(left(59), / 0:59 left$/);
  t.match(left(60), / 1:00 left$/);
  t.match(left(3599), / 59:59 left$/);
  t.match(left(3600), / 1:00:00 left$/);
  t.match(left(99 * 3600 + 61), / 99:01:01 left$/);
  t.match(left(100 * 3600), / > 100 h left$/);
});

t.test('sizes', async (t) => {
  const cases: [number, string][] = [
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [1024 * 1023, '1023.0 KiB'],
    [MIB - 1, '1.0 MiB'],
    [5 * 1024 * MIB, '5.0 GiB'],
    [5000 * 1024 * MIB, '4.9 TiB'],
    [5_000_000 * 1024 * MIB, '4882.8 TiB'],
  ];
  for (const [bytes, text] of cases) t.equal(byteSize(bytes), text);
});

t.test('text from elsewhere can not steer the terminal', async (t) => {
  t.equal(printable('a\x1b[31mb\r\nc\u009b1mä\u202egpj\u2028 写'), 'a?[31mb??c?1mä?gpj? 写');
});

/** Text, and what moves the cursor or clears. */
const TOKENS = new RegExp(String.raw`\r|\n|${ESCAPE}\[[KA]|[^\r\n${ESCAPE}]+`, 'g');

/** What a terminal shows of this text. */
function screenOf(text: string): string[] {
  const screen = [''];
  let row = 0;
  let column = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    const line = screen[row] ?? '';
    if (token === '\r') column = 0;
    else if (token === '\x1b[K') screen[row] = line.slice(0, column);
    else if (token === '\x1b[A') row -= 1;
    else if (token === '\n') {
      row += 1;
      column = 0;
      screen[row] ??= '';
    } else {
      screen[row] = line.slice(0, column).padEnd(column) + token + line.slice(column + token.length);
      column += token.length;
    }
  }
  return screen.filter((line) => line !== '');
}

t.test('several files have a line each, and one for all', async (t) => {
  const { terminal, now, pass } = stage(100);
  const bars = createProgressBars({ terminal, now, files: { count: 3, totalBytes: 40 } });
  bars.skip(10);
  const [a, b] = [bars.add('a', 10), bars.add('b', 20)];
  pass(1000);
  a.update(5);
  pass(1000);
  b.update(5);
  t.match(screenOf(terminal.text), [
    /^a {2}\[#+-+\] {3}50 % +5\/10 bytes/,
    /^b {2}\[#+-+\] {3}25 % +5\/20 bytes/,
    /^1 of 3 files {2}\[#+-+\] {3}50 % +20\/40 bytes {2}5 bytes\/s/,
  ]);
  bars.aside(() => terminal.write('a word\n'));
  t.match(screenOf(terminal.text), [/^a word$/, /^a /, /^b /, /^1 of 3 files/]);
  a.remove();
  t.match(screenOf(terminal.text), [/^a word$/, /^b /, /^2 of 3 files {2}\[#+-+\] {3}62 % +25\/40 bytes/]);
  a.remove();
  b.remove();
  t.strictSame(screenOf(terminal.text), ['a word'], 'nothing of it is left');
  bars.aside(() => terminal.write('the end\n'));
  t.strictSame(screenOf(terminal.text), ['a word', 'the end']);
});

t.test('there are never more lines than the window has; the last one is of all files', async (t) => {
  const { terminal, now } = stage(100);
  const small = { ...terminal, write: terminal.write, rows: 4 };
  const bars = createProgressBars({ terminal: small, now, files: { count: 9, totalBytes: 90 } });
  const shown = Array.from({ length: 9 }, (_, at) => bars.add(`f${at}`, 10));
  t.match(screenOf(terminal.text), [/^f7/, /^f8/, /^0 of 9 files/]);
  for (const bar of shown) bar.remove();
  t.strictSame(screenOf(terminal.text), []);
});
