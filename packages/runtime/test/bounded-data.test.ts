import t from 'tap';
import { boundedData, redactBeginning } from '../src/bounded-data.ts';

const CHARACTERS = 2_000;
const VALUES = 50;

/** A copy within a small budget, as the log would have it. */
const bounded = (value: unknown) =>
  JSON.parse(JSON.stringify(boundedData(value, { characters: CHARACTERS, values: VALUES })) ?? 'null');

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'inmost';
  for (let count = 0; count < depth; count += 1) value = wrap(value);
  return value;
}

t.test('what is small stays what it is', async (t) => {
  for (const value of ['text', 7, true, null, [1, ['two']], { a: { b: null }, list: [{ c: 'd' }] }])
    t.strictSame(bounded(value), value);
  t.strictSame(
    bounded({
      at: new Date(0),
      url: new URL('https://example.com/a'),
      big: 7n,
      none: undefined,
      call: () => 1,
    }),
    { at: '1970-01-01T00:00:00.000Z', url: 'https://example.com/a', big: '7' },
  );
  t.strictSame(bounded(Symbol('s')), 'Symbol(s)');
  t.match(bounded({ reason: new TypeError('no number') }), {
    reason: { name: 'TypeError', message: 'no number' },
  });
});

t.test('bytes are a short text', async (t) => {
  t.strictSame(bounded(Buffer.alloc(1_048_576)), '[Buffer, 1048576 bytes]');
  t.strictSame(
    bounded([
      new Uint16Array(4),
      new DataView(new ArrayBuffer(3)),
      new ArrayBuffer(5),
      new SharedArrayBuffer(6),
    ]),
    [
      '[Uint16Array, 8 bytes]',
      '[DataView, 3 bytes]',
      '[ArrayBuffer, 5 bytes]',
      '[SharedArrayBuffer, 6 bytes]',
    ],
  );
});

t.test('what is large is cut, and says so', async (t) => {
  const keys = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`key${at}`, at]));
  for (const [value, said] of [
    ['x'.repeat(1_000_000), '[cut, of 1000000 characters]'],
    [Array.from({ length: 10_000 }, () => 1), '[cut, 9951 more]'],
    [new Array(1_000_000_000), '[cut, 999999951 more]'],
    [keys, '"[cut]":"9951 more"'],
    [{ ['n'.repeat(5_000)]: 1 }, 'a name of 5000 characters, and its value'],
    [Array.from({ length: 10 }, () => 'x'.repeat(1_000)), '[cut, 8 more]'],
    [nested(5_000, (inner) => ({ inner })), '[Object, too deep]'],
    [nested(5_000, (inner) => [inner]), '[Array, too deep]'],
    [nested(5_000, (inner) => ({ toJSON: () => inner })), '[Object, too deep]'],
  ] as const) {
    const text = JSON.stringify(bounded(value));
    t.ok(text.includes(said), `${text.slice(0, 200)} says ${said}`);
    t.ok(text.length < 2 * CHARACTERS, `${text.length} characters`);
  }
});

t.test('what can’t be read, or goes round, is no obstacle', async (t) => {
  const round: Record<string, unknown> = { a: 1 };
  round['self'] = round;
  t.strictSame(bounded(round), { a: 1, self: '[Circular]' });
  const odd = {
    toJSON() {
      throw new TypeError('no JSON');
    },
  };
  t.strictSame(bounded({ odd, fine: 1 }), { odd: '[can’t be read]', fine: 1 });
  const getter = {
    get odd() {
      throw new TypeError('no value');
    },
    fine: 1,
  };
  t.strictSame(bounded(getter), { odd: '[can’t be read]', fine: 1 });
  const unnamed = {
    get name() {
      throw new TypeError('no name');
    },
    fine: 1,
  };
  t.strictSame(bounded(unnamed), { name: '[can’t be read]', fine: 1 });
});

t.test('a cut leaves each character whole', async (t) => {
  const text = '😀'.repeat(100);
  for (const mostCharacters of [0, 1, 2, 7, 8, 199]) {
    const shown = redactBeginning(text, mostCharacters);
    t.ok(shown.isWellFormed(), shown);
    t.equal(shown, `${'😀'.repeat(mostCharacters / 2)}[cut, of 200 characters]`);
  }
});

t.test('a secret that lies across a cut is not shown in part', async (t) => {
  const secret = 'HIDDENhidden0123456789';
  for (const [before, behind] of [
    ['postgres://user:', '@db.example.com/orders'],
    ['password: ', ' is wrong'],
    ['Bearer ', ' was refused'],
    ['eyJ', 'abcdefghijklmnopqrstuvwxyz'],
  ] as const) {
    // The cut goes through each character of the secret in turn.
    for (let at = 0; at <= secret.length; at += 1) {
      const start = 'x '.repeat(100);
      const text = `${start}${before}${secret}${behind} ${'y '.repeat(2_000)}`;
      const shown = redactBeginning(text, start.length + before.length + at);
      t.notMatch(shown, /HIDDEN/i, `${before}, after ${at} characters`);
    }
  }
  t.match(redactBeginning('password=HIDDEN and more', 1_000), /^password=\[Redacted\] and more$/);
});
