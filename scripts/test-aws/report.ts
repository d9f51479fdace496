import type { FileResult } from './tap-results.ts';

export interface RunReport {
  readonly begun: Date;
  readonly region: string;
  readonly commit: string;
  readonly minutes: number;
  readonly dollars: number;
  /** Why it ended before its time, if it did. */
  readonly failure: string | undefined;
  /** Whether Terraform destroyed everything. */
  readonly isDestroyed: boolean;
  readonly files: readonly FileResult[];
}

/** A page for docs/. It says nothing of the account. */
export function reportPage(run: RunReport): string {
  const failed = run.files.filter(({ isOk }) => !isOk);
  const passed = run.files.length - failed.length;
  return `# The last run on AWS

Written by \`make test-aws\`, which [applies a small installation](deploy.md#trying-it-on-your-account), runs the suites against it, and
destroys it.

| | |
|---|---|
| begun | ${run.begun.toISOString()} |
| region | ${run.region} |
| commit | ${run.commit} |
| took | ${run.minutes} minutes |
| cost, by list prices | about $${run.dollars.toFixed(2)} |
| ended early | ${run.failure === undefined ? 'no' : inCell(run.failure)} |
| everything destroyed | ${run.isDestroyed ? 'yes' : '**no**'} |
| test files | ${passed} passed, ${failed.length} failed |

${run.files.map(fileSection).join('\n')}`;
}

function fileSection({ file, isOk, tests }: FileResult): string {
  const lines = tests.map(({ title, isOk }) => `- ${isOk ? 'passed' : '**failed**'}: ${title}`);
  return `## ${file}: ${isOk ? 'passed' : 'failed'}\n\n${lines.length > 0 ? lines.join('\n') : 'It has no results.'}\n`;
}

function inCell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .split('\n')
    .join(' ')
    .replaceAll(/\b\d{12}\b/g, '(account)');
}
