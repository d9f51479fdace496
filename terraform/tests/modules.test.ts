import { availableParallelism } from 'node:os';
import t from 'tap';
import { boundedDescriptions, type PlannedModule } from './support/bounded-descriptions.ts';
import { configurationFolders, foldersWithTests } from './support/folders.ts';
import { runTerraform } from './support/run-terraform.ts';
import { startSharedProvider } from './support/shared-provider.ts';

const FORMAT_LIMIT_SECONDS = 60;
const VALIDATE_LIMIT_SECONDS = 120;
const TEST_LIMIT_SECONDS = 400;
/** Of these at least, so that the check of the descriptions is none of nothing. */
const FOLDERS_WITH_DESCRIPTIONS = [
  '.',
  'modules/alarms',
  'modules/audit',
  'modules/endpoint',
  'modules/network',
  'modules/service',
];
const AT_ONCE = Math.min(4, availableParallelism());

interface Diagnostic {
  readonly severity: string;
  readonly summary: string;
  readonly detail: string;
  readonly range?: { readonly filename: string; readonly start: { readonly line: number } };
}

interface PlannedChange {
  readonly address: string;
  readonly type: string;
  readonly change: { readonly after?: Readonly<Record<string, unknown>> | null };
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
  /** With -verbose: what a run plans. */
  readonly test_plan?: { readonly resource_changes?: readonly PlannedChange[] };
  /** With -verbose: what a run has made. */
  readonly test_state?: { readonly root_module?: PlannedModule };
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

// The root has by far the most tests. It starts first, so that the run does not wait for it alone.
for (const folder of foldersWithTests()) {
  t.test(`the tests of terraform/${folder}`, { buffered: true }, async (t) => {
    const run = await runTerraform(folder, ['test', '-json', '-verbose'], TEST_LIMIT_SECONDS, provider);
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
    const described = events.flatMap(({ test_plan, test_state }) => [
      boundedDescriptions({ resources: test_plan?.resource_changes?.map(plannedResource) ?? [] }),
      boundedDescriptions(test_state?.root_module ?? {}),
    ]);
    t.strictSame(
      [...new Set(described.flatMap(({ refused }) => refused))],
      [],
      'AWS takes every description',
    );
    if (FOLDERS_WITH_DESCRIPTIONS.includes(folder))
      t.ok(
        described.some(({ count }) => count > 0),
        'it has some',
      );
    t.strictSame(complaints, []);
    t.equal(events.at(-1)?.test_summary?.status, 'pass', run.stderr);
    t.equal(run.exitCode, 0);
  });
}

function plannedResource({ address, type, change }: PlannedChange) {
  return { address, type, values: change.after ?? {} };
}

function sentence({ summary, detail, range }: Diagnostic): string {
  return `${range ? `${range.filename}:${range.start.line}: ` : ''}${summary}: ${detail}`;
}
