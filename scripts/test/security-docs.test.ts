import { existsSync, readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${repository}/${path}`, 'utf8');
const page = read('docs/security.md');

/** What CI runs, as globs: the scripts of package.json, and those of Terraform's own tests (terraform/tests/support/folders.ts). */
const TEST_GLOBS = [
  ...Object.values((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts).flatMap(
    (script) => script.match(/\S+\.test\.ts/g) ?? [],
  ),
  'terraform/**/tests/*.tftest.hcl',
];

/**
 * What `source` calls its tests; of a name that is put together, the parts that are always the same. Formatting may have put one
 * on a line of its own. A test that is not run is none.
 */
function testsIn(source: string): string[] {
  const calls = source.matchAll(
    /^\s*(?:t\.)?test\(\s*(['"`])((?:(?!\1).)+)\1,(?!\s*\{[^}]*\b(?:skip|todo)\b)/gm,
  );
  const runs = source.matchAll(/^run "(\w+)"/gm);
  return [
    ...[...calls].flatMap(([, , name = '']) => name.split(/\$\{[^}]*\}/).map((part) => part.trim())),
    ...[...runs].map(([, name = '']) => name),
  ];
}

interface Named {
  readonly file: string;
  readonly test: string;
}

/** The cells of every row of the page's tables, and the tests that its last cell names. */
function rows(): { readonly cells: readonly string[]; readonly tests: readonly (Named | undefined)[] }[] {
  return page
    .split('\n')
    .filter((line) => /^\| (?!attack |who has )/.test(line))
    .map((line) => {
      const cells = line.split(/(?<!\\) ?\| ?/).slice(1, -1);
      const tests = (cells.at(-1) ?? '').split('<br>').map((named) => {
        const [, file, test] = /^`([^`]+)`: (.+)$/.exec(named) ?? [];
        return file === undefined || test === undefined ? undefined : { file, test };
      });
      return { cells, tests };
    });
}

t.test('every claim of docs/security.md names tests that exist, and that CI runs', async (t) => {
  t.ok(rows().length > 60, 'there are claims');
  for (const { cells, tests } of rows()) {
    t.equal(cells.length, 3, cells.join(' | '));
    for (const named of tests) {
      if (!named || !existsSync(`${repository}/${named.file}`)) {
        t.fail(`no file of tests: ${cells.at(-1)}`);
        continue;
      }
      const { file, test } = named;
      t.ok(testsIn(read(file)).includes(test), `${file} has a test "${test}"`);
      t.ok(
        TEST_GLOBS.some((glob) => matchesGlob(file, glob)),
        `${file} is run`,
      );
    }
  }
});

t.test('what SECURITY.md says of each who has something has its tests', async (t) => {
  const said = [...read('SECURITY.md').matchAll(/^\| \*\*(.+?)\*\*/gm)].map(([, who = '']) => who);
  t.equal(said.length, 9);
  const [, section = ''] = page.split('\n## What SECURITY.md says\n');
  const held = new Set([...section.matchAll(/^\| (.+?) \|/gm)].map(([, who = '']) => who.replace('’', "'")));
  for (const who of said) t.ok(held.has(who), who);
});

t.test('a name is one only where a test is called so, and run', async (t) => {
  const source = [
    "// t.test('in a comment', async (t) => {",
    "t.equal(1, 1, 'in an assertion');",
    "t.test('of one line', async (t) => {",
    "t.test('with options', { buffered: true }, async (t) => {",
    "t.test('left out', { skip: true }, async (t) => {",
    "  t.test(\n    'to be done',\n    { todo: 'later' },",
    "  t.test(\n    'of its own line',\n    async (t) => {",
    't.test(`put $\u007btogether} of parts`, async (t) => {',
    'run "of_terraform" {',
  ].join('\n');
  t.strictSame(testsIn(source), [
    'of one line',
    'with options',
    'of its own line',
    'put',
    'of parts',
    'of_terraform',
  ]);
});
