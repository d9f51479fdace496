import { createLogger, type Logger } from '@upload-once/runtime';
import t from 'tap';
import { createHandlerLog } from '../src/handler-log.ts';

/** The lines that a handler's log writes while `use` has it, with whether their time is one. */
function written(use: (log: ReturnType<typeof createHandlerLog>) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLogger({ service: 'processor', level: 'info', destination });
  use(createHandlerLog(log, { id: 'the-upload', attempt: 2, traceId: 'the-trace' }));
  return lines.map(({ time, ...line }) => ({
    ...line,
    time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(time)),
  }));
}

const OWN = {
  level: 'info',
  time: true,
  service: 'processor',
  id: 'the-upload',
  attempt: 2,
  traceId: 'the-trace',
};

t.test('what a handler logs replaces no name that the line has itself', async (t) => {
  for (const name of ['level', 'time', 'service', 'id', 'attempt', 'traceId', 'msg']) {
    for (const value of ['row-7', 42, null, { a: 1 }]) {
      t.strictSame(
        written((log) => log.info({ [name]: value, rows: 3 }, 'row stored')),
        [{ ...OWN, rows: 3, fields: { [name]: value }, msg: 'row stored' }],
        `${name}: ${JSON.stringify(value)}`,
      );
    }
  }
  t.strictSame(
    written((log) => log.warn({ id: 'row-7', fields: ['a'] }, 'row stored')),
    [{ ...OWN, level: 'warn', fields: { id: 'row-7', fields: ['a'] }, msg: 'row stored' }],
    'a field with the name that they go below is not lost',
  );
});

t.test('all other fields stay at the top of the line', async (t) => {
  const given = { kind: 'invoice', key: 'customer-9', fields: { a: 1 }, _aws: {}, body: [1] };
  t.strictSame(
    written((log) => log.info({ ...given, id: undefined }, 'stored')),
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

/** What pino's loggers have that changes the lines of a logger, or gives another logger. */
const TOOLS_OF_PINO: Record<string, (log: Logger) => void> = {
  setBindings: (log) => log.setBindings({ id: 'mine', attempt: 9 }),
  'a child': (log) => log.child({ id: 'mine' }).child({ traceId: 'mine' }).info({ attempt: 9 }, 'stored'),
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
