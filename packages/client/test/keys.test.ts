import {
  type AccessStore,
  createDynamoDbAccessStore,
  createMemoryAccessStore,
  findApiKey,
} from '@upload-once/access';
import t from 'tap';
import { startDynamoDb } from '../../access/test/start-access-table.ts';
import { KEYS_HELP, keysCommand } from '../src/commands/keys.ts';

const db = await startDynamoDb(t);
const openTable = (tableName: string) => createDynamoDbAccessStore({ client: db.client, tableName });

interface Setting {
  readonly env?: Record<string, string>;
  readonly stdin?: readonly (string | Uint8Array)[];
  readonly isTTY?: boolean;
  /** Where the bytes that count up begin. */
  readonly firstRandomByte?: number;
  readonly createStore?: (tableName: string) => AccessStore;
}

/** One call of the command, and all that can be seen of it. */
async function run(args: readonly string[], setting: Setting = {}) {
  const seen = { stdout: '', stderr: '', tables: [] as string[], chunksRead: 0 };
  let drawn = setting.firstRandomByte ?? 0;
  async function* stdin() {
    for (const chunk of setting.stdin ?? []) {
      seen.chunksRead += 1;
      yield chunk;
    }
  }
  const code = await keysCommand(args, {
    stdin: Object.assign(stdin(), { isTTY: setting.isTTY ?? false }),
    stdout: { write: (text: string) => (seen.stdout += text) },
    stderr: { write: (text: string) => (seen.stderr += text) },
    env: setting.env ?? {},
    randomBytes: (count) => Uint8Array.from({ length: count }, () => drawn++),
    now: () => new Date('2030-01-01T00:00:00Z'),
    createStore(tableName) {
      seen.tables.push(tableName);
      return (setting.createStore ?? openTable)(tableName);
    },
  });
  return { code, ...seen };
}

t.test('create: the key alone on standard output, and it works at once', async (t) => {
  const table = await db.createTable();
  const { code, stdout, stderr } = await run([
    'create',
    '--name',
    'build server',
    '--rate',
    '0.5',
    '--burst',
    '3',
    '--table',
    table,
  ]);
  t.equal(code, 0);
  t.match(stdout, /^uo_0001020304050607_[0-9a-f]{48}\n$/);
  t.match(stderr, 'Made key 0001020304050607 ("build server", 0.5 requests per second, burst 3)');
  t.notMatch(stderr, stdout.trim());
  t.match(await findApiKey(openTable(table), stdout.trim()), {
    keyId: '0001020304050607',
    name: 'build server',
    ratePerSecond: 0.5,
    burst: 3,
    enabled: true,
  });
});

t.test('create: rate and burst have defaults, which the help names', async (t) => {
  const { code, stderr } = await run(['create', '--name', 'x', '--table', await db.createTable()]);
  t.equal(code, 0);
  t.match(stderr, '10 requests per second, burst 20');
  t.match(KEYS_HELP, '(default 10)');
  t.match(KEYS_HELP, '(default 20)');
});

t.test('import: the value from standard input opens, and is printed nowhere', async (t) => {
  for (const [chunks, value] of [
    [['old-value\n'], 'old-value'],
    [['old-value\r\n'], 'old-value'],
    [['old-', Buffer.from('val'), 'ue'], 'old-value'],
    [['two words'], 'two words'],
  ] as const) {
    const table = await db.createTable();
    const { code, stdout, stderr } = await run(['import', '--name', 'old client', '--table', table], {
      stdin: chunks,
    });
    t.equal(code, 0);
    t.equal(stdout, '');
    t.match(stderr, 'Imported key 0001020304050607 ("old client"');
    t.notMatch(stderr, value);
    t.match(await findApiKey(openTable(table), value), { name: 'old client' });
  }
});

t.test('import: at a terminal it says what to do', async (t) => {
  const { code, stderr } = await run(['import', '--name', 'x', '--table', await db.createTable()], {
    stdin: ['typed\n'],
    isTTY: true,
  });
  t.equal(code, 0);
  t.match(stderr, /^Type or paste the key/);
});

t.test('import: the same value twice is refused, with the key that has it', async (t) => {
  const table = await db.createTable();
  const args = ['import', '--name', 'x', '--table', table];
  t.equal((await run(args, { stdin: ['value'] })).code, 0);
  const second = await run(args, { stdin: ['value'], firstRandomByte: 100 });
  t.equal(second.code, 1);
  t.equal(second.stderr, 'upload-once keys: this value is a key already: 0001020304050607\n');
});

t.test('import: values that are no key are refused with the reason', async (t) => {
  for (const [value, reason] of [
    ['', 'this one has 0'],
    ['\n', 'this one has 0'],
    ['a\nb\n', 'one line of printable ASCII'],
    ['schlüssel', 'one line of printable ASCII'],
    [Buffer.from([0xff, 0xfe]), 'one line of printable ASCII'],
    [' x', 'neither begins nor ends with a space'],
  ] as const) {
    const { code, stderr, stdout } = await run(['import', '--name', 'x'], {
      stdin: [value],
      createStore: createMemoryAccessStore,
    });
    t.equal(code, 1);
    t.match(stderr, reason);
    t.equal(stdout, '');
  }
});

t.test('import: standard input without end is not read to its end', async (t) => {
  const { code, stderr, chunksRead } = await run(['import', '--name', 'x'], {
    stdin: Array.from({ length: 100 }, () => 'x'.repeat(1000)),
    createStore: createMemoryAccessStore,
  });
  t.equal(code, 1);
  t.match(stderr, /1 to 4096 bytes/);
  t.equal(chunksRead, 5);
});

t.test('the table: --table, then UPLOAD_ONCE_ACCESS_TABLE, then "access"', async (t) => {
  const createStore = createMemoryAccessStore;
  const env = { UPLOAD_ONCE_ACCESS_TABLE: 'from-env' };
  const create = ['create', '--name', 'x'];
  t.strictSame((await run([...create, '--table', 'given'], { env, createStore })).tables, ['given']);
  t.strictSame((await run(create, { env, createStore })).tables, ['from-env']);
  t.strictSame((await run(create, { createStore })).tables, ['access']);
  t.strictSame((await run(create, { env: { UPLOAD_ONCE_ACCESS_TABLE: ' ' }, createStore })).tables, [
    'access',
  ]);
});

t.test('wrong use: exit code 2, a reason, nothing tried', async (t) => {
  for (const [args, reason] of [
    [['list'], '"keys" is followed by "create" or "import", not by "list"'],
    [['toString'], 'not by "toString"'],
    [['create'], '--name is missing'],
    [['create', '--name', ''], 'name has 1 to 100 printable characters, not ""'],
    [['create', '--name', 'x', '--rate', 'fast'], '--rate: a number was expected, not "fast"'],
    [['create', '--name', 'x', '--rate', ''], '--rate: a number was expected, not ""'],
    [['create', '--name', 'x', '--rate', '0'], 'rate is a number of requests per second above 0'],
    [['create', '--name', 'x', '--burst', '1.5'], 'burst is a whole number from 1 to 10000, not 1.5'],
    [['create', '--name', 'x', '--table', ' '], '--table is blank'],
    [['create', '--name', 'x', '--colour', 'red'], "Unknown option '--colour'"],
    [['create', '--name'], /argument missing/],
    [['create', '--name', 'x', 'more'], '"keys create" takes options only, not "more"'],
  ] as const) {
    const { code, stderr, stdout } = await run(args, { createStore: createMemoryAccessStore });
    t.equal(code, 2, args.join(' '));
    t.match(stderr, reason);
    t.match(stderr, 'upload-once keys --help');
    t.equal(stdout, '');
  }
});

t.test('a key on the command line is neither imported nor repeated', async (t) => {
  const { code, stderr } = await run(['import', '--name', 'x', 'hidden-value'], {
    createStore: createMemoryAccessStore,
  });
  t.equal(code, 2);
  t.match(stderr, 'comes from standard input');
  t.notMatch(stderr, 'hidden-value');
});

t.test('help: on standard output when asked for, on standard error when nothing was said', async (t) => {
  for (const args of [['--help'], ['-h'], ['create', '--help']]) {
    t.match(await run(args), { code: 0, stdout: KEYS_HELP, stderr: '', tables: [] });
  }
  t.match(await run([]), { code: 2, stdout: '', stderr: KEYS_HELP });
});

t.test('a table that is not there is named', async (t) => {
  const { code, stdout, stderr } = await run(['create', '--name', 'x', '--table', 'nowhere']);
  t.equal(code, 1);
  t.equal(stdout, '');
  t.equal(
    stderr,
    'upload-once keys: there is no table "nowhere" in this region and account; --table names another\n',
  );
});

t.test('any other fault is told in one line, without a stack trace', async (t) => {
  for (const [fault, words] of [
    [new Error('Region is missing'), 'Region is missing'],
    [Object.assign(new Error(), { name: 'TimeoutError' }), 'TimeoutError'],
    ['just words', 'just words'],
  ] as const) {
    const { code, stderr } = await run(['create', '--name', 'x'], {
      createStore() {
        throw fault;
      },
    });
    t.equal(code, 1);
    t.equal(stderr, `upload-once keys: the table "access" could not be used: ${words}\n`);
  }
});
