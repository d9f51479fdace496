import { spawnSync } from 'node:child_process';

/** Words that the project no longer uses, as extended regular expressions, and what it says instead: docs/design.md, "Words". */
const REPLACED = {
  // As a name in code; "insight" and "at sight" are ordinary words.
  'sighting|sighted|[._]sights?\\b|\\bsights?(_| *=|: *[[{])': 'observed version',
  stray: 'orphan',
  tombstone: 'record retention',
  '\\btwins?\\b': 'fake',
  patience: 'timeout',
  '\\bin hand\\b': 'in flight',
  '\\bforgive': 'refund',
  '\\bfates?\\b': 'outcome',
  '\\b(whoever|nobody|somebody|anybody)\\b': 'the subject by its name: the caller, a worker, no client',
} as const;

/** The same in names, where upper and lower case tell them from ordinary words. */
const REPLACED_NAMES = {
  // A person answers a question.
  '[a-z]Answer|[aA]nswer(s|ed)?[A-Z]|ANSWER|-answers?\\b|\\banswers?(-[a-z]|\\.ts\\b)': 'response',
  '\\btells?[A-Z_]|\\btold[A-Z]|[a-z]Told\\b': 'report',
  '[cC]ountedAlone': 'local fallback',
} as const;

/** The lines with one of these words, outside of the files that must have it. */
function linesWith(
  replaced: Readonly<Record<string, string>>,
  options: readonly string[],
  ...except: readonly string[]
): string {
  const { status, stdout, stderr } = spawnSync(
    'git',
    [
      'grep',
      '-InE',
      ...options,
      Object.keys(replaced).join('|'),
      '--',
      '.',
      ...['scripts/check-vocabulary.ts', 'scripts/test/check-vocabulary.test.ts', ...except].map(
        (path) => `:!${path}`,
      ),
    ],
    { encoding: 'utf8' },
  );
  // 1 says that nothing was found.
  if (status === 0 || status === 1) return stdout;
  process.stderr.write(`git grep failed: ${stderr}\n`);
  process.exit(2);
}

const found =
  linesWith(
    REPLACED,
    ['--ignore-case'],
    // Only a release changes the description of the released API.
    'docs/openapi-released.json',
    // A stored value: "nobody" owns a lease that was given up.
    'packages/uploads/src/domain/transitions.ts',
  ) +
  linesWith(
    REPLACED_NAMES,
    [],
    // A thread is no server: it answers the main thread.
    'services/processor',
    'test/simulation/src/simulation/fake-thread.ts',
    'test/simulation/src/workers.ts',
  );
if (found !== '') {
  const instead = Object.entries({ ...REPLACED, ...REPLACED_NAMES }).map(([old, now]) => `  ${old}: ${now}`);
  process.stderr.write(`${found}These lines use words that were replaced:\n${instead.join('\n')}\n`);
  process.exit(1);
}
