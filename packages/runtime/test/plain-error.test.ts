import t from 'tap';
import { createLogger } from '../src/index.ts';
import { fromPlain, textOfThrown, toPlain } from '../src/plain-error.ts';

class DiskFull extends Error {
  readonly code = 'ENOSPC';
  readonly disk = { name: 'sda', freeBytes: 0 };
}

/** As it comes out of another thread. */
const crossed = (thrown: unknown) => fromPlain(structuredClone(toPlain(thrown)));

/** As the log tells of it. */
function logged(err: unknown): unknown {
  let written = '';
  createLogger({
    service: 'test',
    level: 'info',
    destination: {
      write(line) {
        written = line;
      },
    },
  }).warn({ err }, 'failed');
  return JSON.parse(written).err;
}

t.test('an error is told in the log as if it had been thrown in the same thread', async (t) => {
  const named = new TypeError('no number');
  named.name = 'NoNumber';
  for (const error of [
    new DiskFull('disk full'),
    new Error('failed', { cause: new DiskFull('disk full') }),
    new Error('failed', { cause: 'no reason' }),
    named,
    new RangeError('too far'),
    new AggregateError([new DiskFull('one'), new Error('two')], 'both'),
  ]) {
    t.strictSame(logged(crossed(error)), logged(error), error.message);
    t.equal(String(crossed(error)), String(error));
    t.equal((crossed(error) as Error).stack, error.stack);
  }
  // Its name and code are its class's, and the log shows all of that class's constants.
  const aborted = new DOMException('This operation was aborted', 'AbortError');
  t.match(crossed(aborted), { name: 'AbortError', code: 20, message: 'This operation was aborted' });
  t.match(crossed(new DiskFull('disk full')), { code: 'ENOSPC', disk: { freeBytes: 0 } });
  t.ok(crossed(new DiskFull('disk full')) instanceof Error);
});

t.test('what is no error stays what it is, as far as it can', async (t) => {
  for (const value of ['text', 7, undefined, null, { code: 'x' }]) t.strictSame(crossed(value), value);
  t.equal(crossed(Symbol('s')), 'Symbol(s)');
  t.strictSame(crossed({ name: 'an object', call: () => 1 }), { name: 'an object' });
});

t.test('properties that can’t be cloned, and causes without end, are no obstacle', async (t) => {
  const error = new DiskFull('disk full');
  Object.assign(error, { retry: () => 1, socket: { destroy: () => 1 } });
  error.cause = error;
  const found = crossed(error) as Error & { socket: unknown; retry: unknown };
  t.match(found, { code: 'ENOSPC', socket: {} });
  t.notOk('retry' in found);
  t.match(found.cause, { message: 'disk full' });
});

t.test('what can’t be read when it is thrown is told all the same', async (t) => {
  const odd = Object.assign(new Error('odd'), {
    bare: Object.assign(Object.create(null), { call: () => undefined }),
  });
  t.match(crossed(odd), { message: 'odd', bare: {} });
  const unreadable = new Error('never seen');
  Object.defineProperty(unreadable, 'message', {
    get() {
      throw new TypeError('no message');
    },
  });
  t.equal(crossed(unreadable), 'what was thrown can’t be read');
});

t.test('an error keeps its message and all that is text, whatever its other parts are', async (t) => {
  const noText = Object.create(null);
  const unreadable = {
    get() {
      throw new TypeError('can’t be read');
    },
  };
  for (const name of ['constructor', 'name', 'stack', 'cause', 'errors']) {
    for (const property of [{ value: null }, { value: noText }, { value: Symbol('s') }, unreadable]) {
      const error = Object.defineProperty(new TypeError('no number'), name, property);
      const what = `${name}: ${'value' in property ? typeof property.value : 'unreadable'}`;
      t.match(logged(crossed(error)), { type: 'TypeError', message: /^no number/ }, what);
      t.equal(textOfThrown(error, { isNamed: true }), 'TypeError: no number', what);
      // V8 makes the stack of the name.
      if (!['name', 'stack'].includes(name)) t.match(logged(error), { stack: /plain-error\.test\.ts/ }, what);
    }
  }
  const bare = Object.assign(new TypeError('no number'), { constructor: null, name: null });
  t.equal(textOfThrown(bare, { isNamed: true }), 'Error: no number');
});

t.test('P3: no error that a handler can throw keeps its line from being written', async (t) => {
  const noText = { toString: 5, valueOf: 5 };
  const odd: readonly unknown[] = [
    noText,
    null,
    5,
    Symbol('s'),
    5n,
    () => 1,
    [noText],
    { message: 'q', stack: noText },
    { message: 'q', constructor: null },
    { message: 'q', errors: [noText, { message: 'z', stack: 5 }] },
    // What an uploaded file can hold, as it is parsed.
    JSON.parse('{"message":"q","cause":{"message":"c","stack":{"toString":5}}}'),
  ];
  for (const name of [
    'message',
    'name',
    'stack',
    'code',
    'cause',
    'errors',
    'constructor',
    'toJSON',
    'raw',
    'any',
  ])
    for (const value of odd) {
      const error = new Error('the file is invalid');
      Object.defineProperty(error, name, { value, enumerable: true });
      const found = crossed(error);
      for (const thrown of [error, found, new Error('wrapped', { cause: found })])
        t.doesNotThrow(() => logged(thrown), `${name} ${typeof value}`);
    }
  const cause = odd.at(-1);
  t.match(logged(crossed(new Error('the file is invalid', { cause }))), {
    type: 'Error',
    message: 'the file is invalid',
    stack: /plain-error\.test\.ts/,
  });
});

function nested(depth: number): unknown {
  let value: unknown = 'inmost';
  for (let count = 0; count < depth; count += 1) value = { value };
  return value;
}

t.test(
  'P3: whatever is thrown, what another thread is told of it is small, and says what was cut',
  async (t) => {
    let causes = new Error('first');
    for (let count = 0; count < 1_000; count += 1) causes = new Error(`cause ${count}`, { cause: causes });
    const large = 'password=hidden '.repeat(100_000);
    for (const [thrown, said] of [
      [Object.assign(new Error('refused'), { body: Buffer.alloc(4_194_304) }), '[Buffer, 4194304 bytes]'],
      [new Error(large), '[cut, of 1600000 characters]'],
      [Object.assign(new Error('refused'), { stack: large }), '[cut, of 1600000 characters]'],
      [Object.assign(new Error('refused'), { name: large }), '[cut, of 1600000 characters]'],
      [Object.assign(new Error('refused'), { text: large }), '[cut, of 1600000 characters]'],
      [new AggregateError(Array.from({ length: 10_000 }, () => new Error('row'))), ' more]'],
      [
        Object.assign(
          new Error('refused'),
          Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, at])),
        ),
        ' more',
      ],
      [Object.assign(new Error('refused'), { tree: nested(5_000) }), 'too deep'],
      [{ tree: nested(5_000) }, 'too deep'],
      [Buffer.alloc(1_048_576), '[Buffer, 1048576 bytes]'],
      [large, '[cut, of 1600000 characters]'],
      [causes, 'cause 999'],
    ] as const) {
      const text = JSON.stringify(toPlain(thrown));
      t.ok(text.includes(said), `${text.slice(0, 300)} says ${said}`);
      t.ok(text.length < 100_000, `${text.length} characters`);
      t.notMatch(text, 'hidden');
      t.ok(JSON.stringify(logged(thrown)).length < 150_000, 'nor is what the log of the same thread says');
    }
  },
);

t.test('a long message leaves the stack its frames', async (t) => {
  const { stack } = crossed(new Error('x'.repeat(100_000))) as Error;
  t.match(stack, /^Error: \[the message\]\n +at .+plain-error\.test\.ts/);
});

t.test('one text for what was thrown, whatever that is', async (t) => {
  t.equal(textOfThrown(new TypeError('no number')), 'no number');
  t.equal(textOfThrown(new TypeError('no number'), { isNamed: true }), 'TypeError: no number');
  t.equal(textOfThrown('password=hidden'), 'password=[Redacted]');
  t.equal(textOfThrown({ toString: 1, valueOf: 2 }), '{"toString":1,"valueOf":2}');
  t.equal(textOfThrown(Object.assign(new Error(), { message: { toString: 1 } })), '{"toString":1}');
  t.equal(textOfThrown(undefined), 'undefined');
  t.equal(textOfThrown(null), 'null');
});
