import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { variablesOf } from '../../scripts/terraform-variables.ts';
import { configurationFolders, terraformFolder } from './support/folders.ts';

// Each example is complete: a page that says what it needs, and a plan (examples.tftest.hcl). That it is valid: modules.test.ts.

const examples = globSync('examples/*', { cwd: terraformFolder });
const read = (file: string) => readFileSync(join(terraformFolder, file), 'utf8');

t.test('README.md names each image that an installation needs, and no other', async (t) => {
  const [, step = ''] = /^2\. Log in to ECR.*?for each of (.*?): `docker/ms.exec(read('README.md')) ?? [];
  const targets = [...step.matchAll(/`([a-z-]+)`/g)].map(([, target = '']) => target);
  // What an image can be given for is what has one, by the validation of the variable.
  const [, programs = ''] = /setsubtract\(keys\(var\.images\), \[(.*?)\]\)/.exec(read('variables.tf')) ?? [];
  t.strictSame(targets.sort(), [...programs.matchAll(/"([a-z-]+)"/g)].map(([, program]) => program).sort());
  const dockerfile = read('../Dockerfile');
  for (const target of targets) t.match(dockerfile, new RegExp(`AS ${target}$`, 'm'), target);
  const [, command = ''] = /`(docker buildx build[^`]*)`/.exec(read('README.md')) ?? [];
  t.match(command, '--provenance=false', 'as `make deploy` builds them');
});

t.test(
  'what a permissions boundary has to allow names every file with a role of the installation',
  async (t) => {
    const files = globSync('{*.tf,modules/*/*.tf}', { cwd: terraformFolder }).filter((file) =>
      /^resource "aws_iam_role" /m.test(read(file)),
    );
    t.ok(files.length > 2);
    const iam = variablesOf(read('modules/settings/variables.tf')).find(({ name }) => name === 'iam');
    const { description = '' } =
      iam?.attributes.find(({ name }) => name === 'permissions_boundary_arn') ?? {};
    for (const file of files) t.match(description, file, file);
  },
);

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
