import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { configurationFolders, testFiles } from './support/folders.ts';
import { runTerraform } from './support/run-terraform.ts';
import { startSharedProvider } from './support/shared-provider.ts';

const FORMAT_LIMIT_SECONDS = 60;
const VALIDATE_LIMIT_SECONDS = 120;
/** The longest file takes a minute alone, and many times that beside others: the limit is there for a run that never ends. */
const TEST_LIMIT_SECONDS = 800;
const AT_ONCE = Math.min(4, availableParallelism());

interface Diagnostic {
  readonly severity: string;
  readonly summary: string;
  readonly detail: string;
  readonly range?: { readonly filename: string; readonly start: { readonly line: number } };
}

/** A line of what `terraform test -json` prints. */
interface TestEvent {
  readonly type: string;
  readonly test_run?: {
    readonly path: string;
    readonly run: string;
    readonly progress: string;
    readonly status: string;
  };
  readonly diagnostic?: Diagnostic;
  readonly test_summary?: { readonly status: string };
}

const provider = await startSharedProvider();
t.teardown(() => provider.stop());

t.jobs = AT_ONCE;

t.test('every file is formatted', { buffered: true }, async (t) => {
  const run = await runTerraform(
    '.',
    ['fmt', '-check', '-recursive', '-diff', '-no-color'],
    FORMAT_LIMIT_SECONDS,
  );
  t.equal(run.exitCode, 0, `${run.stdout}${run.stderr}`);
});

for (const folder of configurationFolders()) {
  t.test(`terraform/${folder} is valid`, { buffered: true }, async (t) => {
    const run = await runTerraform(folder, ['validate', '-json'], VALIDATE_LIMIT_SECONDS, provider);
    t.equal(run.exitCode, 0, run.stderr);
    const { diagnostics } = JSON.parse(run.stdout) as { readonly diagnostics: readonly Diagnostic[] };
    t.strictSame(diagnostics.map(sentence), [], 'not even a warning');
  });
}

for (const { folder, file } of testFiles()) {
  t.test(`terraform/${join(folder, file)}`, { buffered: true }, async (t) => {
    const run = await runTerraform(
      folder,
      ['test', '-json', `-filter=${file}`],
      TEST_LIMIT_SECONDS,
      provider,
    );
    const events = run.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as TestEvent);
    const complaints = events.flatMap(({ diagnostic }) =>
      diagnostic?.severity === 'error' ? [sentence(diagnostic)] : [],
    );
    const runs = events.flatMap(({ test_run }) => (test_run?.progress === 'complete' ? [test_run] : []));
    for (const { path, run, status } of runs) t.equal(status, 'pass', `${path}: ${run}`);
    t.ok(runs.length > 0, 'there are some');
    t.strictSame(complaints, []);
    t.equal(events.at(-1)?.test_summary?.status, 'pass', run.stderr);
    t.equal(run.exitCode, 0);
  });
}

function sentence({ summary, detail, range }: Diagnostic): string {
  return `${range ? `${range.filename}:${range.start.line}: ` : ''}${summary}: ${detail}`;
}
