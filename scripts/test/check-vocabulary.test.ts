import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const CHECK = fileURLToPath(new URL('../check-vocabulary.ts', import.meta.url));

/** What the check says of a repository with one file of these lines. */
function checked(t: Test, lines: readonly string[]) {
  const cwd = t.testdir({ file: `${lines.join('\n')}\n` });
  execFileSync('git', ['init', '--quiet'], { cwd });
  execFileSync('git', ['add', 'file'], { cwd });
  const { status, stderr } = spawnSync(process.execPath, [CHECK], { cwd, encoding: 'utf8' });
  return { status, stderr };
}

t.test('a word that was replaced is found, with its line and what to say instead', async (t) => {
  const lines = [
    'a sighting',
    'versionsSighted',
    'Condition = local.naming_only.sight',
    'sight  = ["kind"]',
    'sight_condition',
    'sights: ["kind"]',
    'a Stray object',
    'a twin',
    'two twins',
    'its fate',
    'messages in hand',
    'Whoever holds the form',
    'nobody’s fault',
    'const NOBODY = 1;',
    'somebody else',
    'does anybody listen?',
    'readAnswer(form)',
    'interface IssuerAnswer {',
    'answerSeconds: 300,',
    'const answersTo = 1;',
    'ANSWER_MAX_BYTES',
    "from './early-answers.ts';",
    "from './answer-headers.ts';",
    "from './answers.ts';",
    "toldBy: 'issuer'",
    'const isTold = true;',
    'tells_end = true',
    'RatesCountedAlone',
  ];
  const { status, stderr } = checked(t, lines);
  t.equal(status, 1);
  const [found, instead = ''] = stderr.split('These lines use words that were replaced:\n');
  t.equal(found, lines.map((line, at) => `file:${at + 1}:${line}\n`).join(''));
  t.match(instead, /^ {2}stray: orphan$/m);
});

t.test('ordinary words with the same letters are not', async (t) => {
  const lines = [
    'Container Insights, an insight, hindsight, an oversight',
    'payable at sight: today, in sight of it, out of sight; a sight.',
    'twine, fateful, in handlers, inhand',
    'somebodyelse, EXAMPLEKEYIDOFNOBODY',
    'If this asks, answer n. Answer no, and find the variable; the answers. answered, unanswered',
    "const answer = await question('Go on?');",
    'It tells you; you are told: a cause, which is counted alone.',
  ];
  t.strictSame(checked(t, lines), { status: 0, stderr: '' });
});
