import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${repository}/docs/security.md`, 'utf8');

t.test('every attack in docs/security.md names a test that exists', async (t) => {
  const rows = page.split('\n').filter((line) => /^\| (?!attack)/.test(line));
  t.ok(rows.length > 20, 'there are attacks');
  for (const row of rows) {
    const [, file = '', name = ''] = /\| `([^`]+)`: ([^|]+) \|$/.exec(row) ?? [];
    t.ok(existsSync(`${repository}/${file}`) && file !== '', `a file: ${row}`);
    if (file === '') continue;
    // Formatting may have put the name on a line of its own; it is never split.
    t.ok(readFileSync(`${repository}/${file}`, 'utf8').includes(name), `${file} has a test "${name}"`);
  }
});
