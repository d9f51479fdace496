import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { variablesOf } from '../../scripts/terraform-variables.ts';
import { configurationFolders, terraformFolder } from './support/folders.ts';

// Each example is complete: a page that says what it needs, and a plan (examples.tftest.hcl). That it is valid: modules.test.ts.

const examples = globSync('examples/*', { cwd: terraformFolder });
const read = (file: string) => readFileSync(join(terraformFolder, file), 'utf8');

t.test('there are some, and each is a configuration that is validated', async (t) => {
  t.ok(examples.length > 0);
  t.strictSame(
    examples.sort(),
    configurationFolders().filter((folder) => folder.startsWith('examples/')),
  );
});

for (const example of examples) {
  t.test(`${example} is complete`, async (t) => {
    const page = read(`${example}/README.md`);
    t.match(page, new RegExp(`^# ${example.split('/').at(-1)}\n`));
    t.match(page, /terraform init/);
    t.match(page, /terraform apply/);
    for (const { name, default: otherwise } of variablesOf(read(`${example}/main.tf`))) {
      if (otherwise === undefined) t.match(page, name, `the page names ${name}, which has no default`);
    }
    for (const [, link = ''] of page.matchAll(/\]\(([^)#]+)/g))
      t.ok(existsSync(join(terraformFolder, example, link)), link);
    t.match(read('tests/examples.tftest.hcl'), `source = "./${example}"`, 'it is planned');
    t.match(read('README.md'), `${example}/README.md`, 'README.md has it');
  });
}
