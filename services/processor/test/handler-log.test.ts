import { createLogger } from '@upload-once/runtime';
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

t.test('a child of a handler’s log keeps the names as well', async (t) => {
  const lines = written((log) => {
    const child = (log as ReturnType<typeof createLogger>).child({ id: 'row-7', table: 'rows' });
    child.info('row stored');
    child.child({ traceId: 'mine' }).info({ attempt: 9 }, 'row stored');
  });
  t.match(lines, [
    { ...OWN, table: 'rows', fields: { id: 'row-7' } },
    { ...OWN, table: 'rows', fields: { attempt: 9 } },
  ]);
});
