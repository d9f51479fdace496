import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { terraformFolders, withTerraformTables } from '../terraform-tables.ts';
import { variablesOf } from '../terraform-variables.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (...path: string[]) => readFileSync(join(repository, ...path), 'utf8');
const declarations = (folder: string) =>
  [...read(folder, 'variables.tf').matchAll(/^variable "(\w+)" \{\n.*?^\}$/gms)].map(([text, name = '']) => ({
    name,
    text,
  }));

for (const folder of terraformFolders()) {
  t.test(`${folder}/README.md lists what its variables and outputs are`, async (t) => {
    const document = read(folder, 'README.md');
    t.equal(document, withTerraformTables(folder, document), 'renew it with `make docs`');
  });

  t.test(`${folder}/README.md lists every variable and every part of one, with what it means`, async (t) => {
    const variables = variablesOf(read(folder, 'variables.tf'));
    t.ok(variables.length > 0);
    for (const { name, text } of declarations(folder)) {
      const variable = variables.find((candidate) => candidate.name === name);
      t.ok(variable?.description, name);
      const parts = [...text.matchAll(/^ {4}(\w+) += (?:optional|string|number|bool)/gm)].map(
        ([, part]) => part,
      );
      const listed = variable?.attributes.map((attribute) => attribute.name) ?? [];
      if (listed.length > 0) t.strictSame(listed, parts, name);
    }
  });

  t.test(`${folder}: a message about a part of an object names the object too`, async (t) => {
    for (const { name, text } of declarations(folder)) {
      if (!/^ {2}type += object\(\{\n {4}#/m.test(text)) continue;
      const subject = name === 'settings' ? folder.replace('terraform/modules/', '') : name;
      for (const [, message = ''] of text.matchAll(/^ {4}error_message = "(.*)"$/gm)) {
        t.match(message, name === 'tasks' ? /^\$\{var\.subject\}\./ : new RegExp(`^${subject}\\.`));
      }
    }
  });
}

t.test('the root compares each object that it takes as it is with what its module knows', async (t) => {
  const compared = /^ {2}setting_names = \{\n(.*?)^ {2}\}$/ms.exec(read('terraform', 'main.tf'))?.[1] ?? '';
  const names = [...compared.matchAll(/^ {4}"?(\w+)"? += \[(?:try\()?keys\(var\.(\w+)\),/gm)];
  for (const [, path, variable] of names) t.equal(path, variable);
  const objects = variablesOf(read('terraform', 'variables.tf')).filter(({ type }) => type === 'any');
  t.ok(objects.length > 0);
  t.strictSame(names.map(([, path]) => path).sort(), objects.map(({ name }) => name).sort());
});

t.test('and each object in one', async (t) => {
  const compared = /^ {2}setting_names = \{\n(.*?)^ {2}\}$/ms.exec(read('terraform', 'main.tf'))?.[1] ?? '';
  const paths = [...compared.matchAll(/^ {4}"(\w+\.\w+)"/gm)].map(([, path]) => path);
  const nested = terraformFolders().flatMap((folder) =>
    variablesOf(read(folder, 'variables.tf')).flatMap(({ name, attributes }) =>
      attributes
        .filter(({ type }) => type.includes('object('))
        .map(
          (part) => `${name === 'settings' ? folder.replace('terraform/modules/', '') : name}.${part.name}`,
        ),
    ),
  );
  t.ok(nested.length > 0);
  t.strictSame(paths.sort(), nested.sort());
});
