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

/** What no run tries, in each report. */
export const LEFT_OUT = `What a run leaves out, and why:

| left out | why |
|---|---|
| the alarm on a missing audit goes off | It takes 26 hours. The run shows that the metric comes where this alarm looks for it |
| the mail of each day about old dead letters | It takes days. The run shows that CloudWatch evaluates the expression |
| noncurrent versions expire | S3 counts 30 days. The run reads the rule |
| scaling adds and removes tasks | It takes an hour of load. [A simulation](scale.md) has the policies |
| webhooks | A receiver would have to be on the internet |
| a copy in another region, AWS Backup, Object Lock, CloudTrail, a web ACL | These options cost more than the rest, and Object Lock would keep the run from destroying what it made |
| a domain, a load balancer, NAT and interface endpoints | The run has the small profile, which costs a third |
`;

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

${LEFT_OUT}
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
