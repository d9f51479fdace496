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

const { status, stdout, stderr } = spawnSync(
  'git',
  [
    'grep',
    '-InE',
    '--ignore-case',
    Object.keys(REPLACED).join('|'),
    '--',
    '.',
    ':!scripts/check-vocabulary.ts',
    // Only a release changes the description of the released API.
    ':!docs/openapi-released.json',
    // A stored value: "nobody" owns a lease that was given up.
    ':!packages/uploads/src/domain/transitions.ts',
    ':!scripts/test/check-vocabulary.test.ts',
  ],
  { encoding: 'utf8' },
);
if (status === 0) {
  const instead = Object.entries(REPLACED).map(([old, now]) => `  ${old}: ${now}`);
  process.stderr.write(`${stdout}These lines use words that were replaced:\n${instead.join('\n')}\n`);
  process.exit(1);
}
// 1 says that nothing was found.
if (status !== 1) {
  process.stderr.write(`git grep failed: ${stderr}\n`);
  process.exit(2);
}
