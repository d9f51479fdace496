import { existsSync, readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${repository}/${path}`, 'utf8');
const page = read('test/attacks.md');

/** What CI runs, as globs: the scripts of package.json, and those of Terraform's own tests (terraform/tests/support/folders.ts). */
const TEST_GLOBS = [
  ...Object.values((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts).flatMap(
    (script) => script.match(/\S+\.test\.ts/g) ?? [],
  ),
  'terraform/**/tests/*.tftest.hcl',
];

/** The cells of each row in the tables of `markdown`, without their header. */
function rowsOf(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => /^\| (?!attack |who has )/.test(line))
    .map((line) => line.split(/ ?\| ?/).slice(1, -1));
}

t.test('every row of test/attacks.md names files of tests that exist, and that CI runs', async (t) => {
  const rows = rowsOf(page);
  t.ok(rows.length > 50);
  for (const cells of rows) {
    const files = [...(cells.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
    t.ok(files.length > 0, cells.join(' | '));
    for (const file of files) {
      t.ok(existsSync(`${repository}/${file}`), `${file} exists`);
      t.ok(
        TEST_GLOBS.some((glob) => matchesGlob(file, glob)),
        `CI runs ${file}`,
      );
    }
  }
});

t.test('each party of SECURITY.md has tests', async (t) => {
  const parties = [...read('SECURITY.md').matchAll(/^\| \*\*(.+?)\*\*/gm)].map(([, party = '']) => party);
  t.ok(parties.length >= 9);
  const [, section = ''] = page.split('\n## What SECURITY.md says\n');
  const withTests = rowsOf(section.split('\n## ')[0] ?? '').flatMap(([party = '']) => party.split(', '));
  t.strictSame(withTests.sort(), parties.sort());
});
