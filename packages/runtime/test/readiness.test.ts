import t from 'tap';
import { createLogger, createReadiness } from '../src/index.ts';

const SILENT = createLogger({ service: 'test', level: 'error', destination: { write() {} } });

t.test('a table that stays silent is as good as away', async (t) => {
  const aborted = Promise.withResolvers<void>();
  const readiness = createReadiness({
    checks: {
      'The silent one': (signal) => {
        signal.addEventListener('abort', () => aborted.resolve());
        return new Promise(() => {});
      },
      'The other one': async () => {},
    },
    limitMs: 5,
    validMs: 0,
    clock: { monotonicMs: () => 0 },
    log: SILENT,
  });
  t.strictSame(await readiness.reasonsAgainst(), ['The silent one does not respond']);
  await aborted.promise;
});

t.test('the log reports an outage once, and its end', async (t) => {
  const lines: Record<string, unknown>[] = [];
  let outage: Error | undefined;
  let nowMs = 0;
  const readiness = createReadiness({
    checks: {
      'The table': async () => {
        if (outage) throw outage;
      },
      'The other one': async () => {},
    },
    limitMs: 1_000,
    validMs: 1_000,
    clock: { monotonicMs: () => nowMs },
    log: createLogger({
      service: 'test',
      level: 'info',
      destination: { write: (line) => lines.push(JSON.parse(line)) },
    }),
  });
  async function askInNextRound(reasons: string[]) {
    nowMs += 1_000;
    t.strictSame(await readiness.reasonsAgainst(), reasons);
  }
  await askInNextRound([]);
  t.strictSame(lines, []);
  for (const round of [1, 2]) {
    outage = new Error(`outage ${round}`);
    for (let asked = 0; asked < 3; asked += 1) await askInNextRound(['The table does not respond']);
    outage = undefined;
    for (let asked = 0; asked < 3; asked += 1) await askInNextRound([]);
  }
  t.equal(lines.length, 4);
  t.match(lines, [
    { level: 'warn', msg: 'The table does not respond', err: { message: 'outage 1' } },
    { level: 'info', msg: 'The table responds again' },
    { level: 'warn', msg: 'The table does not respond', err: { message: 'outage 2' } },
    { level: 'info', msg: 'The table responds again' },
  ]);
});
