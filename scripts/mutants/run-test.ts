import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export const TestEnd = {
  passed: 'passed',
  failed: 'failed',
  /** The file ended before the test began, or holds no such test. */
  notRun: 'not run',
} as const;
export type TestEnd = (typeof TestEnd)[keyof typeof TestEnd];

export interface TestRun {
  readonly end: TestEnd;
  /** All that it printed, in tap's own format (TAP 14), and what stood on standard error. */
  readonly output: string;
  readonly seconds: number;
}

/** What a run gets beyond its limit: tap says what a test waits for, and cleans up. */
const GRACE_SECONDS = 15;

/** A test's name in a test's name (` > `), as tap's filter takes it: one pattern a level. */
function filterFor(test: string): string {
  const literally = (name: string) => name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return test
    .split(' > ')
    .map((name) => `/^${literally(name)}$/`)
    .join('\n');
}

/**
 * Runs one test of one file by plain Node in a process group of its own. No process of the group is left when it resolves. A test that
 * has not ended after `limitSeconds` has failed.
 * @param folder the repository, or a copy of it
 * @param test see `Mutation.noticedBy`
 * @param signal ends it at once
 */
export async function runTest(
  folder: string,
  { file, test }: { readonly file: string; readonly test: string },
  limitSeconds: number,
  signal: AbortSignal,
): Promise<TestRun> {
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env: { ...ownEnvironment(), TAP_GREP: filterFor(test), TAP_TIMEOUT: String(limitSeconds) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const limit = AbortSignal.any([signal, AbortSignal.timeout((limitSeconds + GRACE_SECONDS) * 1000)]);
  limit.addEventListener('abort', endGroup);
  if (limit.aborted) endGroup();
  // What a broken service leaves behind would hold the pipes open for ever.
  child.once('exit', endGroup);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  limit.removeEventListener('abort', endGroup);
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { end: endOf(test, stdout, exitCode), output: stdout + stderr, seconds };
}

/** Without what a runner of tests, or of coverage, would have its own children know. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(_?TAP|NODE_OPTIONS$|NODE_V8_COVERAGE$)/.test(name)),
  );
}

/**
 * A test's lines stand as many levels deep as its name has. One that has begun and not ended, or has ended well in a run that
 * did not (when it came to nothing any more, tap ends it itself), has failed; the filter lets no other test fail.
 */
function endOf(test: string, output: string, exitCode: number | null): TestEnd {
  const names = test.split(' > ');
  const indent = ' '.repeat(4 * (names.length - 1));
  const line = /^(?<indent> *)(?:# Subtest: |(?<verdict>ok|not ok) \d+ - )(?<name>.*?)(?<directive> # .*)?$/;
  let end: TestEnd = TestEnd.notRun;
  for (const text of output.split('\n')) {
    const parts = line.exec(text)?.groups;
    if (!parts || parts['indent'] !== indent || unescaped(parts['name']) !== names.at(-1)) continue;
    if (parts['directive']?.startsWith(' # SKIP')) continue;
    end = parts['verdict'] === 'ok' && exitCode === 0 ? TestEnd.passed : TestEnd.failed;
  }
  return end;
}

function unescaped(name = ''): string {
  return name.replaceAll(/\\([\\#])/g, '$1');
}
