import { createLogger } from '@upload-once/runtime';
import t from 'tap';
import { fromPlain, toPlain } from '../src/plain-error.ts';

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
  t.equal(crossed({ toString: () => 'an object', call: () => 1 }), 'an object');
});

t.test('properties that can’t be cloned, and causes without end, are no obstacle', async (t) => {
  const error = new DiskFull('disk full');
  Object.assign(error, { retry: () => 1, socket: { destroy: () => 1 } });
  error.cause = error;
  const found = crossed(error) as Error & { socket: unknown; retry: unknown };
  t.match(found, { code: 'ENOSPC', socket: '[object Object]' });
  t.notOk('retry' in found);
  t.match(found.cause, { message: 'disk full' });
});

t.test('what can’t be read when it is thrown is told all the same', async (t) => {
  const odd = Object.assign(new Error('odd'), {
    bare: Object.assign(Object.create(null), { call: () => undefined }),
  });
  t.match(crossed(odd), { message: 'odd', bare: 'a value that has no text' });
  const unreadable = new Error('never seen');
  Object.defineProperty(unreadable, 'message', {
    get() {
      throw new TypeError('no message');
    },
  });
  t.equal(crossed(unreadable), 'what was thrown can’t be read');
});
