import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${repository}/docs/security.md`, 'utf8');

/**
 * What `source` calls its tests; of a name that is put together, the parts that are always the same. Formatting may have put one
 * on a line of its own.
 */
function testsIn(source: string): string[] {
  const calls = source.matchAll(/^\s*(?:t\.)?test\(\s*(['"`])((?:(?!\1).)+)\1/gm);
  return [...calls].flatMap(([, , name = '']) => name.split(/\$\{[^}]*\}/).map((part) => part.trim()));
}

t.test('every attack in docs/security.md names a test that exists', async (t) => {
  const rows = page.split('\n').filter((line) => /^\| (?!attack)/.test(line));
  t.ok(rows.length > 20, 'there are attacks');
  for (const row of rows) {
    const [, file = '', name = ''] = /\| `([^`]+)`: ([^|]+) \|$/.exec(row) ?? [];
    t.ok(existsSync(`${repository}/${file}`) && file !== '', `a file: ${row}`);
    if (file === '') continue;
    const tests = testsIn(readFileSync(`${repository}/${file}`, 'utf8'));
    t.ok(tests.includes(name), `${file} has a test "${name}"`);
  }
});

t.test('a name is one only where a test is called so', async (t) => {
  const source = [
    "// t.test('in a comment', async (t) => {",
    "t.equal(1, 1, 'in an assertion');",
    "t.test('of one line', async (t) => {",
    "  t.test(\n    'of its own line',\n    async (t) => {",
    't.test(`put $\u007btogether} of parts`, async (t) => {',
  ].join('\n');
  t.strictSame(testsIn(source), ['of one line', 'of its own line', 'put', 'of parts']);
});
