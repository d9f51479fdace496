import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { guardedFiles, thresholdOf } from '../mutants/stryker/guarded-files.ts';
import { readReport } from '../mutants/stryker/read-report.ts';
import { withScoresTable } from '../mutants/stryker/scores-table.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(repository, path), 'utf8');

t.test('each guarded file is there once, and so are its tests', async (t) => {
  t.equal(new Set(guardedFiles.map(({ file }) => file)).size, guardedFiles.length);
  for (const { file, tests } of guardedFiles) {
    t.ok(tests.length > 0, file);
    for (const path of [file, ...tests]) t.ok(existsSync(join(repository, path)), path);
  }
});

t.test('a threshold is the score that was measured, rounded down', async (t) => {
  const thresholdFor = (killed: number, mutants: number) =>
    thresholdOf({ file: '', tests: [], measured: { killed, mutants, on: '2026-11-29' } });
  t.equal(thresholdFor(131, 134), 97);
  t.equal(thresholdFor(3, 3), 100);
});

t.test('the scores in scripts/mutants/README.md are those of the list', async (t) => {
  const document = read('scripts/mutants/README.md');
  t.equal(document, withScoresTable(document), 'renew it with `make docs`');
});

t.test('what is not killed is named: survivors, and what no test reaches', async (t) => {
  const mutant = (status: string, line: number) => ({
    mutatorName: 'BooleanLiteral',
    replacement: 'false',
    status,
    location: { start: { line, column: 3 } },
  });
  const statuses = ['Killed', 'Timeout', 'Survived', 'NoCoverage', 'RuntimeError', 'Ignored'];
  const mutants = statuses.map((status, index) => mutant(status, index + 1));
  t.strictSame(readReport({ files: { 'a.ts': { mutants } } }, 'a.ts'), {
    killed: 2,
    mutants: 4,
    survivors: ['a.ts:3:3 BooleanLiteral: false', 'a.ts:4:3 BooleanLiteral: false'],
  });
});

t.test('a report that says nothing of the file proves nothing', async (t) => {
  t.throws(() => readReport({ files: {} }, 'a.ts'), /no mutants of a\.ts/);
  t.throws(() => readReport({ files: { 'a.ts': { mutants: [] } } }, 'a.ts'), /no mutants of a\.ts/);
});

t.test('core and runner of Stryker have one version, which needs no --legacy-peer-deps', async (t) => {
  const { devDependencies } = JSON.parse(read('scripts/mutants/stryker/package.json')) as {
    devDependencies: Record<string, string>;
  };
  t.equal(devDependencies['@stryker-mutator/core'], devDependencies['@stryker-mutator/tap-runner']);
});
