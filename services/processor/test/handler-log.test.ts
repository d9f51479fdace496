import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { createLogger, type Logger } from '@upload-once/runtime';
import t from 'tap';
import { createHandlerLog } from '../src/handler-log.ts';

/** The lines that a handler's log writes while `use` has it, with whether their time is one. */
function written(use: (log: ReturnType<typeof createHandlerLog>) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLogger({ service: 'processor', level: 'info', destination });
  use(createHandlerLog(log, { uploadId: 'the-upload', attempt: 2, traceId: 'the-trace' }));
  return lines.map(({ time, ...line }) => ({
    ...line,
    time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(time)),
  }));
}

const OWN = {
  level: 'info',
  time: true,
  service: 'processor',
  logger: 'handler',
  uploadId: 'the-upload',
  attempt: 2,
  traceId: 'the-trace',
};

t.test('what a handler logs replaces no name that the line has itself', async (t) => {
  for (const name of ['level', 'time', 'service', 'logger', 'uploadId', 'attempt', 'traceId', 'msg']) {
    for (const value of ['row-7', 42, null, { a: 1 }]) {
      t.strictSame(
        written((log) => log.info({ [name]: value, rows: 3 }, 'row stored')),
        [{ ...OWN, rows: 3, fields: { [name]: value }, msg: 'row stored' }],
        `${name}: ${JSON.stringify(value)}`,
      );
    }
  }
  t.strictSame(
    written((log) => log.warn({ uploadId: 'row-7', fields: ['a'] }, 'row stored')),
    [{ ...OWN, level: 'warn', fields: { uploadId: 'row-7', fields: ['a'] }, msg: 'row stored' }],
    'a field with the name that they go below is not lost',
  );
});

t.test('what a handler logs takes no name that says what came of an upload', async (t) => {
  const operations = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  const [, table = ''] = /## Logs\n(.*?)\n\*\*/s.exec(operations) ?? [];
  const names = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
  t.ok(names.includes('outcome') && names.length > 8, names.join());
  const given = Object.fromEntries(names.map((name) => [name, 'mine']));
  t.strictSame(
    written((log) => log.info({ ...given, rows: 3 }, 'stored')),
    [{ ...OWN, rows: 3, fields: given, msg: 'stored' }],
  );
});

t.test('all other fields stay at the top of the line', async (t) => {
  const given = { kind: 'invoice', key: 'customer-9', fields: { a: 1 }, _aws: {}, body: [1] };
  t.strictSame(
    written((log) => log.info({ ...given, uploadId: undefined }, 'stored')),
    [{ ...OWN, ...given, msg: 'stored' }],
  );
  t.match(
    written((log) => log.error(new Error('no space'), 'not stored')),
    [{ ...OWN, level: 'error', err: { type: 'Error', message: 'no space' }, msg: 'not stored' }],
  );
});

t.test('a message that is no text becomes one, and a field msg never becomes the message', async (t) => {
  const lines = (fields: unknown, message?: unknown) =>
    written((log) => (log.info as (...given: unknown[]) => void)(fields, message));
  t.strictSame(lines({ msg: 'stored' }), [{ ...OWN, fields: { msg: 'stored' } }]);
  t.strictSame(lines('stored'), [{ ...OWN, msg: 'stored' }]);
  t.strictSame(lines(undefined, 'stored'), [{ ...OWN, msg: 'stored' }]);
  t.strictSame(lines({ rows: 3 }, 7), [{ ...OWN, rows: 3, msg: '7' }]);
  t.strictSame(lines({ rows: 3 }, Symbol('s')), [{ ...OWN, rows: 3, msg: 'Symbol(s)' }]);
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`name${at}`, at]));
  t.match(lines({ rows: 3 }, many), [{ ...OWN, rows: 3, msg: /name0: 0,/ }], 'and pushes nothing out');
});

class NoSpace extends Error {
  readonly code = 'ENOSPC';
}

t.test('an error is shown whatever its field is called, also in a plain object', async (t) => {
  const error = new NoSpace('no space', { cause: new TypeError('no number') });
  const shown = {
    type: 'NoSpace',
    code: 'ENOSPC',
    message: 'no space: no number',
    stack: /handler-log\.test\.ts[\s\S]+caused by: TypeError: no number\n +at/,
  };
  const [atTop, below, asErr, alone] = written((log) => {
    log.error({ error, rows: 3 }, 'not stored');
    log.error({ step: Object.assign(Object.create(null), { error, name: 'copy' }) }, 'not stored');
    log.error({ err: error }, 'not stored');
    log.error({ uploadId: error }, 'not stored');
  });
  t.match(atTop, { ...OWN, level: 'error', error: shown, rows: 3, msg: 'not stored' });
  t.match(below, { step: { error: shown, name: 'copy' } });
  t.strictSame(atTop?.['error'], asErr?.['err']);
  t.match(alone, { ...OWN, level: 'error', fields: { uploadId: shown } });

  const aborted = new DOMException('it was aborted', 'AbortError');
  t.match(
    written((log) => log.error({ error: aborted }, 'not stored')),
    [{ error: { type: 'DOMException', name: 'AbortError', message: 'it was aborted', stack: String } }],
  );
  const secret = new Error('password=hidden');
  const [line] = written((log) => log.error({ error: secret, step: { error: secret } }, 'not stored'));
  t.notMatch(JSON.stringify(line), 'hidden');
});

t.test('more errors than a line has room for are cut', async (t) => {
  let looks = 0;
  const cause = {
    get() {
      looks += 1;
      return undefined;
    },
  };
  const makeError = () => Object.defineProperty(new Error('no space'), 'cause', cause);
  const errors = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`row ${at}`, makeError()]));
  for (const fields of [errors, { errors }]) {
    const [line] = written((log) => log.error(fields, 'not stored'));
    t.match(line, { ...OWN, level: 'error', msg: 'not stored' });
    t.match(JSON.stringify(line), /"row 0":\{"type":"Error","message":"no space","stack"/);
    t.ok(JSON.stringify(line).length < 150_000);
  }
  t.ok(looks < 1_000, `each costs time, and ${looks} were looked at`);
});

const unreadable = {
  enumerable: true,
  get() {
    throw new TypeError('can’t be read');
  },
};

t.test('a handler’s log call never throws, and says what could not be written', async (t) => {
  const call = (...given: unknown[]) =>
    written((log) => (log.error as (...given: unknown[]) => void)(...given));
  const own = { ...OWN, level: 'error' };
  t.strictSame(call(Symbol('s'), 'stored'), [{ ...own, msg: 'Symbol(s)' }]);
  for (const given of [1n, true, 7, () => 1, null, undefined, [], Number.NaN, new Map()])
    t.match(call(given, 'stored'), [own], String(given));
  for (const name of [
    'total',
    'id',
    'msg',
    'err',
    'fields',
    'method',
    'setHeader',
    'toJSON',
    'name',
    'stack',
  ]) {
    const fields = Object.defineProperty({ rows: 3 }, name, unreadable);
    t.match(call(fields, 'stored'), [{ ...own, rows: 3, msg: 'stored' }], name);
    t.match(JSON.stringify(call(fields, 'stored')), /\[can’t be read\]/, name);
    t.match(call({ rows: 3, step: fields }, 'stored'), [{ ...own, rows: 3, msg: 'stored' }], name);
    t.match(JSON.stringify(call({ step: fields }, 'stored')), /\[can’t be read\]/, name);
    const error = Object.defineProperty(new Error('no space'), name, unreadable);
    for (const given of [error, { error }, { err: error }, { step: { error } }])
      t.match(call(given), [own], name);
  }
  const refuse = () => {
    throw new TypeError('refused');
  };
  const deaf = new Proxy({}, { get: refuse, ownKeys: refuse, getPrototypeOf: refuse, has: refuse });
  t.strictSame(call(deaf, 'stored'), [{ ...own, fields: '[can’t be read]', msg: 'stored' }]);
  t.strictSame(call({ deaf }, 'stored'), [{ ...own, deaf: '[can’t be read]', msg: 'stored' }]);
  t.match(call({ err: deaf }, 'stored'), [{ ...own, err: /can’t be read/, msg: 'stored' }]);
  t.match(call({ rows: 3 }, deaf), [{ ...own, rows: 3 }]);
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  t.match(call(proxy, proxy), [own]);
  t.strictSame(call({ rows: 3 }, { [inspect.custom]: refuse }), [
    { ...own, rows: 3, msg: '[can’t be read]' },
  ]);
  for (const name of Object.getOwnPropertyNames(Object.prototype))
    for (const value of ['x', null, new Error('no space'), Symbol('s'), { [name]: 1n }])
      t.match(call(Object.fromEntries([[name, value]]), 'stored'), [{ ...own, msg: 'stored' }], name);
});

/** What pino's loggers have that changes the lines of a logger, or gives another logger. */
const TOOLS_OF_PINO: Record<string, (log: Logger) => void> = {
  setBindings: (log) => log.setBindings({ id: 'mine', attempt: 9 }),
  'a child': (log) =>
    log.child({ uploadId: 'mine' }).child({ traceId: 'mine' }).info({ attempt: 9 }, 'stored'),
  'a child with formatters': (log) =>
    log.child({}, { formatters: { log: (logged) => logged } }).info({ id: 'mine' }, 'stored'),
  'a child with serializers': (log) => log.child({ a: 1 }, { serializers: { a: () => 'x' }, msgPrefix: 'x' }),
  level: (log) => {
    log.level = 'silent';
  },
  symbols: (log) => {
    const own = log as unknown as Record<symbol, unknown>;
    for (const symbol of Object.getOwnPropertySymbols(own)) own[symbol] = ',"id":"mine"';
  },
};

t.test('nothing that a handler does with its log changes the names of the line', async (t) => {
  for (const [what, use] of Object.entries(TOOLS_OF_PINO)) {
    const lines = written((log) => {
      try {
        use(log as Logger);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      log.info({ rows: 3 }, 'stored');
    });
    t.strictSame(lines, [{ ...OWN, rows: 3, msg: 'stored' }], what);
  }
});
