import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withGeneratedPart } from './generated-part.ts';
import { outputsOf, type TerraformVariable, variablesOf } from './terraform-variables.ts';

const BEGIN = '<!-- inputs and outputs: made by `make docs` from variables.tf and outputs.tf -->';
const END = '<!-- end of inputs and outputs -->';
const repository = fileURLToPath(new URL('..', import.meta.url));

/** The folders of Terraform whose README.md has the tables, from the repository's. */
export function terraformFolders(): readonly string[] {
  return [
    'terraform',
    ...globSync('terraform/modules/*/variables.tf', { cwd: repository }).map(dirname).sort(),
  ];
}

/** The README.md of one of these folders with its tables renewed. @throws Error when the document has no place for them */
export function withTerraformTables(folder: string, document: string): string {
  const read = (file: string) => readFileSync(join(repository, folder, file), 'utf8');
  const inputs = variablesOf(read('variables.tf')).flatMap((variable) => {
    const { attributes } = variable.type === 'any' ? takenWhole(folder, variable.name) : variable;
    return [row(variable), ...attributes.map((attribute) => row(attribute, `${variable.name}.`))];
  });
  const outputs = outputsOf(read('outputs.tf')).map(
    ([name, meaning]) => `| \`${name}\` | ${cell(meaning)} |`,
  );
  const text = [
    ...['', '| Input | Type | Default | Meaning |', '|---|---|---|---|', ...inputs],
    ...['', '| Output | Meaning |', '|---|---|', ...outputs, ''],
  ].join('\n');
  return withGeneratedPart(document, { begin: BEGIN, end: END, text });
}

/** The variable of the module that takes a variable of type "any" as it is, or completed by the profile. */
function takenWhole(folder: string, name: string): TerraformVariable {
  const main = readFileSync(join(repository, folder, 'main.tf'), 'utf8');
  for (const [, body = ''] of main.matchAll(/^module "\w+" \{\n(.*?)^\}$/gms)) {
    const taker = new RegExp(
      `^ {2}(\\w+) += (?:contains\\(.*\\? )?(?:var|local\\.(?:places|consumers))\\.${name}\\b`,
      'm',
    ).exec(body)?.[1];
    const source = /^ {2}source += "(.+)"$/m.exec(body)?.[1] ?? '';
    if (taker === undefined) continue;
    const declared = variablesOf(readFileSync(join(repository, folder, source, 'variables.tf'), 'utf8'));
    const variable = declared.find((candidate) => candidate.name === taker);
    if (variable !== undefined) return variable;
  }
  throw new Error(`no module takes the variable ${name} of ${folder} whole`);
}

function row({ name, type, description, ...variable }: TerraformVariable, path = ''): string {
  const otherwise = variable.default === undefined ? '**required**' : `\`${variable.default}\``;
  const kind = type === 'any' ? 'object' : `\`${type}\``;
  return `| \`${path}${name}\` | ${kind} | ${otherwise} | ${cell(description)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
