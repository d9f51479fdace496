import {
  type AccessStore,
  createApiKeyFinder,
  createDynamoDbAccessStore,
  SecretsChanged,
} from '@upload-once/access';
import { createMemoryAccessStore } from '@upload-once/access/testing';
import t from 'tap';
import { watchMessages } from '../../../test/support/command-messages.ts';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';
import { KEYS_HELP } from '../src/commands/keys/help.ts';
import { keysCommand } from '../src/commands/keys.ts';
import { OutputFailed } from '../src/output-failed.ts';

const messages = watchMessages();
const NOW = new Date('2030-01-01T00:00:00Z');

const db = await startDynamoDb(t);
const openTable = (tableName: string) => createDynamoDbAccessStore({ client: db.client, tableName });

/** What a value opens, asked of the table itself. */
function findApiKey(store: AccessStore, value: string, now = NOW) {
  const none = { resultLifetimeSeconds: 0, maxFound: 1, maxNotFound: 1 };
  return createApiKeyFinder({ store, now: () => now, ...none }).find(value);
}

interface Setting {
  readonly now?: Date;
  readonly env?: Record<string, string>;
  readonly stdin?: readonly (string | Uint8Array)[];
  readonly isTTY?: boolean;
  /** Where the bytes that count up begin. */
  readonly firstRandomByte?: number;
  readonly createStore?: (tableName: string) => AccessStore;
  /** Standard output can't be written. */
  readonly outputFails?: 'at once' | 'later';
  /** Standard output is closed, or the null device. */
  readonly isDiscarded?: boolean;
  readonly interrupt?: AbortSignal;
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
    stdout: {
      write(text: string) {
        const failure = new OutputFailed('standard output could not be written (ENOSPC)');
        if (setting.outputFails === 'at once') throw failure;
        if (setting.outputFails === 'later') return Promise.reject(failure);
        seen.stdout += text;
        return undefined;
      },
      isDiscarded: setting.isDiscarded ?? false,
    },
    stderr: { write: (text: string) => (seen.stderr += text) },
    interruptSignal: () => setting.interrupt ?? new AbortController().signal,
    env: setting.env ?? {},
    randomBytes: (count) => Uint8Array.from({ length: count }, () => drawn++),
    now: () => setting.now ?? NOW,
    createStore(tableName) {
      seen.tables.push(tableName);
      return (setting.createStore ?? openTable)(tableName);
    },
  });
  messages.record(['keys'], { code, text: seen.stdout + seen.stderr });
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

t.test('set: only what is given changes, before and after are shown, and the value works on', async (t) => {
  const table = ['--table', await db.createTable()];
  const limits = ['--rate', '5', '--quota', '9', '--types', 'image/png', '--max-bytes', '1024'];
  const { stdout: made } = await run(['create', '--name', 'x', ...limits, ...table]);
  const keyId = '0001020304050607';
  const changed = await run(['set', keyId, '--rate', '7.5', '--quota', 'none', ...table]);
  t.match(changed, {
    code: 0,
    stdout: '',
    stderr: `Was: key ${keyId} ("x", 5 requests per second, burst 20, 9 uploads a day, at most 1.0 KiB each, only image/png).
Is:  key ${keyId} ("x", 7.5 requests per second, burst 20, at most 1.0 KiB each, only image/png).
It takes effect within 10 seconds.
`,
  });
  const key = await findApiKey(openTable(table[1] ?? ''), made.trim());
  t.match(key, { keyId, ratePerSecond: 7.5, burst: 20, maxBytes: 1024, allowedContentTypes: ['image/png'] });
  t.equal(key?.dailyQuota, undefined);

  const more = ['--name', 'y', '--burst', '3', '--quota', '4', '--types', 'None', '--max-bytes', 'none'];
  const again = await run(['set', keyId, ...more, ...table]);
  t.match(again.stderr, `\nIs:  key ${keyId} ("y", 7.5 requests per second, burst 3, 4 uploads a day).\n`);
  t.match(
    again.stderr,
    `\nThe burst (3) is lower than the rate (7.5 per second): no more than 3 requests can come at once. If the client sends more at once, raise the burst:\n  upload-once keys set ${keyId} --burst 8 ${table.join(' ')}\n`,
  );
  t.notMatch(changed.stderr, 'The burst', 'a burst above the rate');
  const typed = await run(['set', keyId, '--types', 'Text/CSV, image/*', ...table]);
  t.match(typed.stderr, ', only text/csv, image/*).\nIt takes effect');
  t.notMatch(typed.stderr, 'The burst', 'neither was given');
  t.match(await run(['set', keyId, '--burst', '0', ...table]), {
    code: 2,
    stderr: /a key's burst is a whole number from 1 to 10000, not 0/,
  });
  t.match((await findApiKey(openTable(table[1] ?? ''), made.trim()))?.burst, 3);
  await run(['disable', keyId, ...table]);
  t.match(await run(['set', keyId, '--burst', '5', ...table]), {
    code: 0,
    stderr: `\nIt is disabled still; "upload-once keys enable ${keyId} ${table.join(' ')}" lets it go on.\n`,
  });
});

t.test('set: what another command changed at the same time is not written over', async (t) => {
  const table = await db.createTable();
  await run(['create', '--name', 'x', '--table', table]);
  const keyId = '0001020304050607';
  const createStore = (name: string) => {
    const store = openTable(name);
    return {
      ...store,
      async getKey(id: string) {
        const found = await store.getKey(id);
        await store.changeSettings(found.key, { name: 'x', ratePerSecond: 1, burst: 77 });
        return found;
      },
    };
  };
  const { code, stderr } = await run(['set', keyId, '--rate', '2', '--table', table], { createStore });
  t.equal(code, 1);
  t.equal(
    stderr,
    `upload-once keys: the limits of the key ${keyId} were changed by another command at the same time; look at them and try again\n`,
  );
  t.match((await openTable(table).getKey(keyId)).key, { burst: 77, ratePerSecond: 1 });
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
    ['a\nb\n', 'one line without control characters'],
    [Buffer.from('\ufeffx', 'utf16le'), 'one line without control characters'],
    [Buffer.from('\ufeffx'), 'begins with a byte order mark'],
    [' x', 'neither begins nor ends with a blank'],
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
    [['lisst'], /"keys" is followed by "create", .* "enable" or "delete", not by "lisst"/],
    [['toString'], 'not by "toString"'],
    [['create'], '--name is missing'],
    [
      ['create', '--name', ''],
      'name has 1 to 100 printable characters, none that hides or reorders text, not ""',
    ],
    [['create', '--name', 'a\u2066b'], 'not "a\\u2066b" with U+2066'],
    [['create', '--name', 'x', '--rate', 'fast'], '--rate: a number was expected, not "fast"'],
    [['create', '--name', 'x', '--rate', ''], '--rate: a number was expected, not ""'],
    [['create', '--name', 'x', '--rate', '0'], 'rate is a number of requests per second above 0'],
    [['create', '--name', 'x', '--burst', '1.5'], 'burst is a whole number from 1 to 10000, not 1.5'],
    [['create', '--name', 'x', '--table', ' '], '--table is blank'],
    [['create', '--name', 'x', '--colour', 'red'], "Unknown option '--colour'"],
    [['create', '--name'], /argument missing/],
    [['create', '--name', 'x', 'more'], '"keys create" takes options only, not "more"'],
    [['create', '--name', 'x', '--quota', 'many'], '--quota: a number was expected, not "many"'],
    [['create', '--name', 'x', '--quota', '0'], 'daily quota is a whole number from 1 to 1000000000, not 0'],
    [['create', '--name', 'x', '--max-bytes', '1.5'], 'size limit in bytes is a whole number'],
    [['create', '--name', 'x', '--types', 'png'], 'content type is like "image/png" or "image/*"'],
    [['create', '--name', 'x', '--types', ''], 'content type is like "image/png"'],
    [['list', 'more'], '"keys list" takes options only, not "more"'],
    [['disable'], '"keys disable" is followed by the id of a key'],
    [
      ['set', '0'.repeat(16)],
      '"keys set" changes what is given, and nothing is: --name, --rate, --burst, --quota',
    ],
    [['set', '0'.repeat(16), '--rate', 'none'], '--rate: a number was expected, not "none"'],
    [['set', '0'.repeat(16), '--quota', 'many'], '--quota: a number was expected, not "many"'],
    [['enable'], '"keys enable" is followed by the id of a key'],
    [['delete', '0'.repeat(16), '1'.repeat(16)], '"keys delete" takes one id, not 2'],
    [['rotate', '0'.repeat(16), '--old-hours', '-1'], /argument is ambiguous/],
    [['rotate', '0'.repeat(16), '--old-hours=-1'], '--old-hours is a number from 0 to 8760 (a year), not -1'],
    [['rotate', '0'.repeat(16), '--old-hours', '8761'], 'not 8761'],
    [['rotate', '0'.repeat(16), '--remove', 'both'], '--remove is followed by "old" or "new", not by "both"'],
    [['rotate', '0'.repeat(16), '--remove', 'old', '--old-hours', '1'], 'exclude each other'],
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

t.test('a key in the place of its id is not repeated', async (t) => {
  for (const command of ['disable', 'enable', 'delete', 'rotate', 'set']) {
    const { code, stderr, tables } = await run([command, 'hidden-value']);
    t.equal(code, 2);
    t.match(stderr, 'takes the id of a key, 16 hexadecimal digits, not the key itself');
    t.notMatch(stderr, 'hidden-value');
    t.strictSame(tables, []);
  }
});

t.test('help: on standard output when asked for, on standard error when nothing was said', async (t) => {
  for (const args of [['--help'], ['-h'], ['create', '--help']]) {
    t.match(await run(args), { code: 0, stdout: KEYS_HELP, stderr: '', tables: [] });
  }
  t.match(await run([]), { code: 2, stdout: '', stderr: KEYS_HELP });
});

t.test('import: bytes beyond ASCII are kept as they are, and it says so', async (t) => {
  const table = await db.createTable();
  const { code, stderr } = await run(['import', '--name', 'x', '--table', table], { stdin: ['schlüssel\n'] });
  t.equal(code, 0);
  t.match(stderr, 'It has bytes beyond ASCII: a client must send just these bytes');
  const asHeader = Buffer.from('schlüssel').toString('latin1');
  t.match(await findApiKey(openTable(table), asHeader), { keyId: '0001020304050607' });
});

/** A table with one key that was made, and what is seen of it from outside. */
async function tableWithKey(limits: readonly string[] = []) {
  const table = ['--table', await db.createTable()];
  const created = await run(['create', '--name', 'build server', ...limits, ...table]);
  const value = created.stdout.trim();
  const opens = (presented: string, now = NOW) =>
    findApiKey(openTable(table[1] ?? ''), presented, now).then((key) => key !== undefined);
  return { table, value, created, opens, keyId: '0001020304050607' };
}

t.test('create: the other limits', async (t) => {
  const { table, created, value } = await tableWithKey([
    ...['--quota', '1000', '--types', 'image/*, application/PDF', '--max-bytes', '52428800'],
  ]);
  t.match(
    created.stderr,
    '10 requests per second, burst 20, 1000 uploads a day, at most 50.0 MiB each, only image/*, application/pdf)',
  );
  t.match(await findApiKey(openTable(table[1] ?? ''), value), {
    dailyQuota: 1000,
    allowedContentTypes: ['image/*', 'application/pdf'],
    maxBytes: 52_428_800,
  });
});

t.test('list: every key with its limits, in columns, and no value or hash', async (t) => {
  const { table, value } = await tableWithKey();
  const more = ['--quota', '5', '--max-bytes', '1024', '--types', 'image/png', '--rate', '0.5'];
  await run(['import', '--name', 'Zürich', ...more, ...table], {
    stdin: ['imported-value'],
    firstRandomByte: 100,
    now: new Date('2030-01-02T00:00:00Z'),
  });
  await run(['disable', '6465666768696a6b', ...table]);
  const { code, stdout, stderr } = await run(['list', ...table]);
  t.equal(code, 0);
  t.equal(stderr, '');
  t.equal(
    stdout,
    [
      'ID                NAME          STATE     RATE   BURST  A DAY  SIZE     CONTENT TYPES  VALUES OF',
      '0001020304050607  build server  enabled   10/s   20     –      –        any            2030-01-01',
      '6465666768696a6b  Zürich        disabled  0.5/s  20     5      1.0 KiB  image/png      2030-01-02',
      '',
    ].join('\n'),
  );
  t.notMatch(stdout, value);
});

t.test('list: a name that another program has written can not steer the terminal', async (t) => {
  const table = await db.createTable();
  const key = {
    keyId: '6465666768696a6b',
    name: 'a\u001b[31m\u202eb',
    enabled: true,
    ratePerSecond: 10,
    burst: 20,
    createdAt: NOW,
  };
  await openTable(table).addKey(key, '0'.repeat(64));
  t.match((await run(['list', '--table', table])).stdout, `${key.keyId}  a?[31m?b  enabled`);
});

t.test('list --json: one object a line', async (t) => {
  const { table } = await tableWithKey(['--quota', '5']);
  const { stdout } = await run(['list', '--json', ...table]);
  t.equal(stdout.split('\n').length, 2);
  t.strictSame(JSON.parse(stdout), {
    keyId: '0001020304050607',
    name: 'build server',
    ratePerSecond: 10,
    burst: 20,
    dailyQuota: 5,
    createdAt: '2030-01-01T00:00:00.000Z',
    enabled: true,
    values: [{ createdAt: '2030-01-01T00:00:00.000Z' }],
  });
});

t.test('list: a table without keys says how to make one', async (t) => {
  const { code, stdout, stderr } = await run(['list', '--table', await db.createTable()]);
  t.equal(code, 0);
  t.equal(stdout, '');
  t.match(stderr, 'There are no keys yet');
  t.match(await run(['list', '--json', '--table', await db.createTable()]), { stdout: '', stderr: '' });
});

t.test('rotate: a second value, shown once, and an end for the first', async (t) => {
  const { table, value, keyId, opens } = await tableWithKey();
  const rotated = await run(['rotate', keyId, '--old-hours', '0.5', ...table], { firstRandomByte: 50 });
  t.equal(rotated.code, 0);
  const second = rotated.stdout.trim();
  t.match(second, /^uo_0001020304050607_[0-9a-f]{48}$/);
  t.not(second, value);
  t.match(rotated.stderr, 'Made a second value for key 0001020304050607 ("build server"');
  t.ok(
    rotated.stderr.endsWith(
      `The old one works until 2030-01-01T00:30:00.000Z. If it has leaked, remove it now. Your clients fail until they have the new value:\n  upload-once keys rotate ${keyId} --remove old ${table.join(' ')}\n`,
    ),
    rotated.stderr,
  );
  t.match((await run(['list', ...table])).stdout, '2030-01-01 (until 2030-01-01 00:30), 2030-01-01');

  const before = new Date('2030-01-01T00:29:59.999Z');
  const after = new Date('2030-01-01T00:30:00Z');
  t.strictSame([await opens(value, before), await opens(second, before)], [true, true]);
  t.strictSame([await opens(value, after), await opens(second, after)], [false, true]);
});

t.test('rotate: with 0 hours the old value is removed, so that no clock opens it again', async (t) => {
  const { table, value, keyId, opens } = await tableWithKey();
  const ahead = new Date('2030-01-01T01:00:00Z');
  const rotated = await run(['rotate', keyId, '--old-hours', '0', ...table], {
    firstRandomByte: 50,
    now: ahead,
  });
  t.match(rotated, { code: 0, stderr: /The old one does not work any more/ });
  const before = new Date('2029-01-01T00:00:00Z');
  t.strictSame([await opens(value, before), await opens(rotated.stdout.trim(), before)], [false, true]);
});

t.test('rotate: a day by default; a third value only when the first is gone', async (t) => {
  const { table, value, keyId, opens } = await tableWithKey();
  const setting = { firstRandomByte: 50, now: new Date('2030-01-01T01:00:00Z') };
  const rotated = await run(['rotate', keyId, ...table], setting);
  t.match(rotated.stderr, 'until 2030-01-02T01:00:00.000Z');
  const third = await run(['rotate', keyId, ...table], { firstRandomByte: 90 });
  t.equal(third.code, 1);
  t.equal(third.stdout, '');
  t.match(
    third.stderr,
    /^upload-once keys: the key 0001020304050607 is being rotated: two values open it, .*\. Nothing was done\.\nTo stop the old value now:\n {2}upload-once keys rotate 0001020304050607 --remove old --table \S+\nTo stop the new value instead, .*:\n {2}upload-once keys rotate 0001020304050607 --remove new --table \S+\n$/,
  );

  const ended = await run(['rotate', keyId, '--remove', 'old', ...table]);
  t.equal(ended.code, 0);
  t.match(ended.stderr, 'Removed the value of key 0001020304050607');
  t.match(ended.stderr, 'that was made at 2030-01-01T00:00:00.000Z.');
  t.strictSame([await opens(value), await opens(rotated.stdout.trim())], [false, true]);
  t.match(await run(['rotate', keyId, '--remove', 'old', ...table]), {
    code: 1,
    stderr: /is not being rotated/,
  });
  t.equal((await run(['rotate', keyId, ...table], { firstRandomByte: 90 })).code, 0);
});

t.test('rotate: taken back, the first value goes on, and without an end', async (t) => {
  const { table, value, keyId, opens } = await tableWithKey();
  const setting = { firstRandomByte: 50, now: new Date('2030-01-01T01:00:00Z') };
  const rotated = await run(['rotate', keyId, ...table], setting);
  await run(['rotate', keyId, '--remove', 'new', ...table]);
  const later = new Date('2031-01-01T00:00:00Z');
  t.strictSame([await opens(value, later), await opens(rotated.stdout.trim(), later)], [true, false]);
});

t.test('rotate: a new value is shown even if the old one could not be ended', async (t) => {
  const store = createMemoryAccessStore();
  const createStore = () => store;
  await run(['create', '--name', 'x'], { createStore });
  const { changeSecrets } = store;
  store.changeSecrets = async (...args) => {
    store.changeSecrets = async () => {
      throw new Error('no response');
    };
    return await changeSecrets(...args);
  };
  const { code, stdout, stderr } = await run(['rotate', '0001020304050607'], {
    createStore,
    firstRandomByte: 50,
  });
  t.equal(code, 1);
  t.ok(await findApiKey(store, stdout.trim()));
  t.match(stderr, 'could not be used: no response');
});

t.test('rotate: another command that ends the rotation at the same moment is reported', async (t) => {
  const store = createMemoryAccessStore();
  const createStore = () => store;
  const created = await run(['create', '--name', 'x'], { createStore });
  const { changeSecrets } = store;
  store.changeSecrets = async (...args) => {
    store.changeSecrets = changeSecrets;
    const rotated = await changeSecrets(...args);
    await run(['rotate', '0001020304050607', '--remove', 'new'], { createStore });
    return rotated;
  };
  const { code, stderr } = await run(['rotate', '0001020304050607'], { createStore, firstRandomByte: 50 });
  t.equal(code, 1);
  t.match(stderr, 'the values of the key 0001020304050607 were changed at the same time by another command');
  store.changeSecrets = async () => {
    throw new SecretsChanged('0001020304050607');
  };
  t.match(await run(['rotate', '0001020304050607'], { createStore }), {
    code: 1,
    stdout: '',
    stderr:
      'upload-once keys: the values of the key 0001020304050607 were changed by another command at the same time\n',
  });
  t.ok(await findApiKey(store, created.stdout.trim(), new Date('2040-01-01T00:00:00Z')));
});

t.test('disable, enable and delete', async (t) => {
  const { table, value, keyId, opens } = await tableWithKey();
  const disabled = await run(['disable', keyId, ...table]);
  t.equal(disabled.code, 0);
  t.match(disabled.stderr, 'Disabled key 0001020304050607 ("build server"');
  t.equal(await opens(value), false);
  t.match((await run(['list', ...table])).stdout, 'disabled');

  t.match(await run(['enable', keyId, ...table]), { code: 0, stderr: /^Enabled key 0001020304050607/ });
  t.equal(await opens(value), true);

  t.match(await run(['delete', keyId, ...table]), { code: 0, stderr: /^Deleted key 0001020304050607/ });
  t.equal(await opens(value), false);
  for (const command of [['disable'], ['enable'], ['delete'], ['rotate'], ['set', '--rate', '1']]) {
    const { code, stdout, stderr } = await run([...command, keyId, ...table]);
    t.equal(code, 1);
    t.equal(stdout, '');
    t.equal(stderr, 'upload-once keys: there is no key with the id "0001020304050607"\n');
  }
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

t.test('any other error is reported in one line, without a stack trace', async (t) => {
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
    t.equal(stderr, `upload-once keys: the table "access" could not be used: ${words}. Nothing was done.\n`);
  }
});

t.test('a value that can not be written is an error that says how to take it back', async (t) => {
  for (const outputFails of ['at once', 'later'] as const) {
    const table = ['--table', await db.createTable()];
    const created = await run(['create', '--name', 'x', ...table], { outputFails });
    t.equal(created.code, 5);
    const [, command = ''] =
      /\n1\. If part of .* Do not use the value\.\n2\. Delete the key:\n {5}upload-once keys (delete [0-9a-f]{16} .*)\n3\. Choose an output that keeps the value, .*.*:\n {5}upload-once keys create --name x --table \S+\n$/.exec(
        created.stderr,
      ) ?? [];
    t.equal((await run(command.split(' '))).code, 0);
  }
});

t.test('rotate: where the new value is lost, the old one works on without an end', async (t) => {
  for (const outputFails of ['at once', 'later'] as const) {
    const table = await db.createTable();
    const value = (await run(['create', '--name', 'x', '--table', table])).stdout.trim();
    const keyId = value.split('_')[1] ?? '';
    const args = ['rotate', keyId, '--old-hours', '0', '--table', table];
    const rotated = await run(args, { firstRandomByte: 50, outputFails });
    t.equal(rotated.code, 5);
    t.match(
      rotated.stderr,
      `is lost. The old value works on, without end. What to do now:\n1. If part of the value went to a file, delete that file. Do not use the value.\n2. Remove the lost value. Before that, rotate is refused:\n     upload-once keys rotate ${keyId} --remove new --table ${table}\n3. Choose an output that keeps the value, such as a file on a disk with room. Then rotate again. If the old value has leaked, end it at once. Your clients fail until they have the new value:\n     upload-once keys rotate ${keyId} --old-hours 0 --table ${table}\n   If it has not leaked, it can work for 24 more hours:\n     upload-once keys rotate ${keyId} --old-hours 24 --table ${table}\n4. `,
    );
    const inAYear = new Date(NOW.getTime() + 365 * 86_400_000);
    t.match(await findApiKey(openTable(table), value, inAYear), { keyId });
    t.equal((await run(['rotate', keyId, '--remove', 'new', '--table', table])).code, 0);
    t.equal((await run(args, { firstRandomByte: 90 })).code, 0);
  }
});

t.test('a value that would go nowhere is not made', async (t) => {
  const table = ['--table', await db.createTable()];
  const { stdout } = await run(['create', '--name', 'x', ...table]);
  for (const args of [
    ['create', '--name', 'y'],
    ['rotate', '0001020304050607'],
  ]) {
    t.match(await run([...args, ...table], { isDiscarded: true, firstRandomByte: 50 }), {
      code: 2,
      stdout: '',
      stderr:
        /^upload-once keys: standard output is closed or goes to the null device\. .* Nothing was made\. /,
    });
  }
  const { stdout: list } = await run(['list', '--json', ...table]);
  t.match(JSON.parse(list), { name: 'x', values: { length: 1 } }, 'one key with one value');
  t.ok(stdout);
  for (const args of [
    ['rotate', '0001020304050607', '--remove', 'new'],
    ['list'],
    ['disable', '0001020304050607'],
  ])
    t.not((await run([...args, ...table], { isDiscarded: true })).code, 2, args.join(' '));
});

/** The store whose so-many-th write of a kind does something else. */
function spoiledStore(
  table: string,
  method: 'addKey' | 'changeSecrets' | 'setEnabled',
  at: number,
  instead: () => Promise<never>,
): (name: string) => AccessStore {
  const store = openTable(table);
  let calls = 0;
  const call = (...args: unknown[]) =>
    ++calls === at ? instead() : (store[method] as (...args: unknown[]) => Promise<unknown>)(...args);
  return () => ({ ...store, [method]: call });
}

t.test('Ctrl-C: what may be true then is said', async (t) => {
  const table = await db.createTable();
  const { stdout } = await run(['create', '--name', 'x', '--table', table]);
  const keyId = '0001020304050607';
  t.match(stdout, keyId);
  const never = (method: 'addKey' | 'changeSecrets' | 'setEnabled', at = 1) => {
    const interrupt = new AbortController();
    const createStore = spoiledStore(table, method, at, () => {
      interrupt.abort();
      return new Promise<never>(() => undefined);
    });
    return { createStore, interrupt: interrupt.signal, firstRandomByte: 50 };
  };
  const other = '3233343536373839';
  for (const [args, setting, said, out] of [
    [
      ['create', '--name', 'y'],
      never('addKey'),
      `The key ${other} may have been made. Its value was not shown, and can't be shown again.\nRun "upload-once keys list --table ${table}" in a minute. If it shows the key ${other}, delete the key:\n  upload-once keys delete ${other} --table ${table}\nIn either case, make another key after that.`,
      /^$/,
    ],
    [
      ['import', '--name', 'y'],
      { ...never('addKey'), stdin: ['a-key-of-a-client'] },
      `It may have been imported as key ${other}. If "upload-once keys list --table ${table}" has that key, remove it before you run this again: upload-once keys delete ${other} --table ${table}`,
      /^$/,
    ],
    [
      ['rotate', keyId],
      never('changeSecrets'),
      `The old value works on. A second one may have been made, and was not shown. Run "upload-once keys list --table ${table}" in a minute. If it shows two values of the key, remove the new one before you run rotate again:\n  upload-once keys rotate ${keyId} --remove new --table ${table}`,
      /^$/,
    ],
    [
      ['rotate', keyId],
      never('changeSecrets', 2),
      `Standard output has the new value, which works: keep it. The old value may go on without end. What to do now:
1. Do not run rotate again: it is refused while the key has two values.
2. If the old value has not leaked, give your clients the new value first. If it has leaked, do not wait for them.
3. Remove the old value, also if "upload-once keys list --table ${table}" shows "until" and a time behind it: before that time it works.
     upload-once keys rotate ${keyId} --remove old --table ${table}
4. If you may not write to the table (dynamodb:UpdateItem), ask someone who may to run these commands. If the old value has leaked, ask at once. "keys disable" and "keys delete" need the same right.`,
      /^uo_/,
    ],
    [
      ['disable', keyId],
      never('setEnabled'),
      `It is not known whether it was done: look at "upload-once keys list --table ${table}". It may be run again.`,
      /^$/,
    ],
    [['import', '--name', 'y'], { interrupt: AbortSignal.abort() }, 'Nothing was done.', /^$/],
  ] as const) {
    const seen = await run([...args, '--table', table], setting);
    t.match(seen, { code: 130, stdout: out }, args.join(' '));
    t.ok(seen.stderr.endsWith(`upload-once keys: interrupted. ${said}\n`), seen.stderr);
  }
});

t.test('rotate: where the old value gets no end, the output says which values work', async (t) => {
  for (const [fault, said] of [
    [
      new Error('the table is away'),
      /could not be used: the table is away\. Standard output has the new value, which works: keep it\. The old value may go on without end\. What to do now:\n1\. Do not run rotate again: .*\n2\. .*\n3\. Remove the old value, .*\n {5}upload-once keys rotate 0001020304050607 --remove old --table \S+\n4\. If you may not write .*\n$/,
    ],
    [
      new SecretsChanged('0001020304050607'),
      /standard output has the new value, but the values of the key 0001020304050607 were changed at the same time by another command, and the old one was given no end\. .*\n1\. Do not run rotate again: .*\n2\. .*\n3\. .*\n {5}upload-once keys rotate 0001020304050607 --remove old --table \S+\n4\. .*\n$/,
    ],
  ] as const) {
    const table = await db.createTable();
    const old = (await run(['create', '--name', 'x', '--table', table])).stdout.trim();
    const createStore = spoiledStore(table, 'changeSecrets', 2, async () => {
      throw fault;
    });
    const { code, stdout, stderr } = await run(['rotate', '0001020304050607', '--table', table], {
      createStore,
      firstRandomByte: 50,
    });
    t.equal(code, 1);
    t.match(stderr, said);
    const inAYear = new Date(NOW.getTime() + 365 * 86_400_000);
    for (const value of [old, stdout.trim()])
      t.match(await findApiKey(openTable(table), value, inAYear), { keyId: '0001020304050607' });
  }
});

t.test('a command that is printed is for the table of --table, and no other', async (t) => {
  const createStore = () => createMemoryAccessStore();
  for (const [table, said] of [
    [['--table', 'access-1'], '"upload-once keys create --table access-1"'],
    [['--table=access of 2030'], `"upload-once keys create --table 'access of 2030'"`],
    [['--table', 'a\u202eb'], `"upload-once keys create --table 'a?b'"`],
    [[], '"upload-once keys create"'],
  ] as const)
    t.match((await run(['list', ...table], { createStore })).stderr, `${said} makes one`);
  const fromEnvironment = { createStore, env: { UPLOAD_ONCE_ACCESS_TABLE: 'access-1' } };
  t.match((await run(['list'], fromEnvironment)).stderr, '"upload-once keys create" makes one');
});

t.test('a list that can not be written is an error', async (t) => {
  const table = ['--table', await db.createTable()];
  await run(['create', '--name', 'x', ...table]);
  for (const args of [['list', '--json'], ['list'], ['--help']])
    t.match(await run([...args, ...table], { outputFails: 'at once' }), { code: 5, stderr: /ENOSPC/ });
});

t.test('it says what it is to say, and nothing else', async (t) => messages.assertKnown(t, 'keys'));
