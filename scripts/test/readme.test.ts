import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { withConfigurationTable } from '../configuration-table.ts';
import { withMessagesTable } from '../messages-table.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${repository}/${path}`, 'utf8');
const readme = read('README.md');

t.test('the configuration table is what the services’ schemas say', async (t) => {
  const document = read('docs/configuration.md');
  t.equal(document, withConfigurationTable(document), 'renew it with `make docs`');
});

t.test('the table of messages is what the commands are held to', async (t) => {
  const document = read('packages/cli/MESSAGES.md');
  t.equal(document, withMessagesTable(document), 'renew it with `make docs`');
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

t.test('the README is read in five minutes', async (t) => {
  t.ok(readme.split('\n').length <= 130);
});

t.test('every file and section that a document links to is there', async (t) => {
  const documents = globSync(
    '{*.md,docs/**/*.md,examples/*/README.md,{packages,services,local}/*/*.md,test/*.md,terraform/**/*.md}',
    { cwd: repository },
  );
  t.ok(documents.length > 10);
  for (const document of documents) {
    for (const [, path = '', anchor] of read(document).matchAll(
      /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g,
    )) {
      const target = path === '' ? document : join(dirname(document), path);
      const isThere = existsSync(join(repository, target));
      t.ok(isThere, `${document}: ${path}`);
      if (isThere && anchor !== undefined)
        t.ok(anchorsOf(target).includes(anchor), `${document}: ${path}#${anchor}`);
    }
  }
});

/** As GitHub makes them of headings. */
function anchorsOf(document: string): string[] {
  return [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\-_ ]/gu, '')
      .replaceAll(' ', '-'),
  );
}
