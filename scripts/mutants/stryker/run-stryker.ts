import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyTree } from '../tree-copy.ts';
import type { GuardedFile } from './guarded-files.ts';
import { type FileScore, type MutationReport, readReport } from './read-report.ts';

const packages = fileURLToPath(new URL('node_modules/@stryker-mutator', import.meta.url));
const REPORT = 'mutation-report.json';
/** What a test may take longer with a mutant than without, on a machine that others use. */
const TIMEOUT_MS = 10_000;
/**
 * What a file of tests may take: more than twice what the slowest of them needs. One that waits for what never comes fails then, before
 * Stryker's timeout, which grows with the time of all of the tests.
 */
const FILE_LIMIT_SECONDS = 10;

/** Stryker exits with an error, and has no report. */
class StrykerFailed extends Error {
  readonly code = 'StrykerFailed';
}

/**
 * Lets Stryker make all its mutants of a file, one after the other, in a copy of the repository, and run the file's tests with each.
 * The repository itself is only read. No process is left when it resolves.
 * @param signal ends it at once; it then rejects with the signal's reason
 */
export async function runStryker(
  repository: string,
  { file, tests }: GuardedFile,
  signal: AbortSignal,
): Promise<FileScore> {
  const copy = await copyTree(repository);
  try {
    signal.throwIfAborted();
    await writeFile(join(copy.folder, 'stryker.config.json'), JSON.stringify(settings(file, tests)));
    const child = spawn(process.execPath, [join(packages, 'core/bin/stryker.js'), 'run'], {
      cwd: copy.folder,
      env: { ...process.env, TAP_TIMEOUT: String(FILE_LIMIT_SECONDS) },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    const endGroup = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL');
    signal.addEventListener('abort', endGroup);
    const [code] = await once(child, 'exit');
    signal.removeEventListener('abort', endGroup);
    signal.throwIfAborted();
    if (code !== 0) throw new StrykerFailed(`Stryker ended with ${code} on ${file}`);
    const report = JSON.parse(await readFile(join(copy.folder, REPORT), 'utf8')) as MutationReport;
    return readReport(report, file);
  } finally {
    await copy.remove();
  }
}

function settings(file: string, tests: readonly string[]) {
  return {
    testRunner: 'tap',
    plugins: [join(packages, 'tap-runner/dist/src/index.js')],
    // As Node runs tests here: without tap's own command, which would compile what needs no compiling.
    tap: { testFiles: tests, nodeArgs: ['-r', '{{hookFile}}', '{{testFile}}'] },
    mutate: [file],
    // The workspaces' links lead into the copy, and a second copy would have none.
    inPlace: true,
    coverageAnalysis: 'perTest',
    concurrency: 1,
    timeoutMS: TIMEOUT_MS,
    disableTypeChecks: false,
    reporters: ['progress-append-only', 'json'],
    jsonReporter: { fileName: REPORT },
  };
}
