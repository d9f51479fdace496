import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { repositoryFolder, terraformFolder } from './support/folders.ts';

const LIMIT_MS = 300_000;
const checkov = join(repositoryFolder, '.local/checkov/bin/checkov');

interface Check {
  readonly check_id: string;
  readonly check_name: string;
  readonly check_result: { readonly suppress_comment?: string };
  readonly file_path: string;
  readonly resource: string;
}

interface Report {
  readonly results: Readonly<Record<'passed_checks' | 'failed_checks' | 'skipped_checks', readonly Check[]>>;
  readonly summary: { readonly parsing_errors: number };
}

const { report, exitCode } = await new Promise<{ report: Report; exitCode: number }>((resolve, reject) => {
  const args = ['--directory', terraformFolder, '--framework', 'terraform', '--skip-download'];
  execFile(
    checkov,
    [...args, '--compact', '--output', 'json'],
    { cwd: terraformFolder, timeout: LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: 256 * 1024 ** 2 },
    (error, stdout, stderr) => {
      try {
        resolve({ report: JSON.parse(stdout), exitCode: error ? Number(error.code) : 0 });
      } catch {
        reject(new Error(`${checkov} did not report: ${error?.message ?? stderr}`));
      }
    },
  );
});
const { passed_checks, failed_checks, skipped_checks } = report.results;

t.test('every file could be read', async (t) => {
  t.equal(report.summary.parsing_errors, 0);
  t.ok(passed_checks.length > 0);
});

t.test('no check fails', async (t) => {
  const ids = [...new Set([...passed_checks, ...failed_checks].map((check) => check.check_id))].sort();
  for (const id of ids) {
    const failed = failed_checks.filter((check) => check.check_id === id);
    t.strictSame(
      failed.map(({ file_path, resource }) => `${file_path} ${resource}`),
      [],
      `${id} ${failed[0]?.check_name ?? ''}`,
    );
  }
  t.equal(exitCode, 0);
});

t.test('what is skipped says why, beside what it is skipped for', async (t) => {
  const reported = skipped_checks.map(
    ({ check_id, file_path, check_result }) => `${file_path} ${check_id}:${check_result.suppress_comment}`,
  );
  const written = globSync('**/*.tf', { cwd: terraformFolder })
    .filter((file) => !file.includes('.terraform/'))
    .flatMap((file) =>
      [
        ...readFileSync(join(terraformFolder, file), 'utf8').matchAll(/#checkov:skip=(\w+):(\S.{20,})$/gm),
      ].map((match) => `/${file} ${match[1]}:${match[2]}`),
    );
  t.strictSame([...new Set(reported)].sort(), [...new Set(written)].sort(), 'and each is needed');
});
