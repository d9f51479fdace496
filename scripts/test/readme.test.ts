import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { withConfigurationTable } from '../configuration-table.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(`${repository}/README.md`, 'utf8');

t.test('the configuration table is what the services’ schemas say', async (t) => {
  t.equal(readme, withConfigurationTable(readme), 'renew it with `make docs`');
});

t.test('every target of the Makefile is listed by `make help`, in one line', async (t) => {
  const makefile = readFileSync(`${repository}/Makefile`, 'utf8');
  const targets = (/^\.PHONY: (.*)$/m.exec(makefile)?.[1] ?? '').split(' ');
  const help = execFileSync('make', ['-s', 'help'], { cwd: repository, encoding: 'utf8' })
    .trimEnd()
    .split('\n');
  t.strictSame(help.map((line) => line.trim().split(/\s+/)[1]).sort(), targets.sort());
  t.ok(help.every((line) => line.length <= 110));
});

t.test('every file that the README links to is there', async (t) => {
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
  t.ok(links.length > 0);
  for (const link of links) t.ok(existsSync(`${repository}/${link}`), link);
});
