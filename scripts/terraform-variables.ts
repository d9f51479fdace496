/** A variable of Terraform's, or an attribute of one whose type is an object. */
export interface TerraformVariable {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  /** Undefined if it has to be given. */
  readonly default: string | undefined;
  readonly attributes: readonly TerraformVariable[];
}

/** The variables that a file declares, in the form that `terraform fmt` gives it. The comment above an attribute is its description. */
export function variablesOf(file: string): readonly TerraformVariable[] {
  return [...file.matchAll(/^variable "(\w+)" \{\n(.*?)^\}$/gms)].map(([, name = '', body = '']) => {
    const [, type = ''] = /^ {2}type += (.*\n(?: {3,}.*\n|\n(?= {4})| {2}[})].*\n)*)/m.exec(body) ?? [];
    const attributes = attributesOf(type);
    return {
      name,
      description: descriptionOf(body),
      type: attributes.length > 0 ? 'object' : onOneLine(type),
      default: /^ {2}default += (.*)$/m.exec(body)?.[1],
      attributes,
    };
  });
}

/** The outputs that a file declares, and their descriptions. */
export function outputsOf(file: string): readonly (readonly [name: string, description: string])[] {
  return [...file.matchAll(/^output "(\w+)" \{\n(.*?)^\}$/gms)].map(([, name = '', body = '']) => [
    name,
    descriptionOf(body),
  ]);
}

function descriptionOf(body: string): string {
  return JSON.parse(/^ {2}description += (".*")$/m.exec(body)?.[1] ?? '""');
}

/** The attributes that have a description. */
function attributesOf(type: string): TerraformVariable[] {
  const attribute =
    /(?<comment>(?:^ {4}# .*\n)+) {4}(?<name>\w+) += (?<type>.*\n(?: {5,}.*\n| {4}[})].*\n)*)/gm;
  return [...type.matchAll(attribute)].map(({ groups }) => {
    const written = onOneLine(groups?.['type'] ?? '');
    const [of = '', otherwise = 'null'] = partsOf(/^optional\((.*)\)$/.exec(written)?.[1] ?? written);
    return {
      name: groups?.['name'] ?? '',
      description: (groups?.['comment'] ?? '')
        .replaceAll(/^ {4}# /gm, '')
        .trim()
        .replaceAll('\n', ' '),
      type: of,
      default: written.startsWith('optional(') ? otherwise : undefined,
      attributes: [],
    };
  });
}

function onOneLine(type: string): string {
  const parts = type.trim().replaceAll(/\n\s*/g, ', ').replaceAll(/\s+/g, ' ');
  return parts.replaceAll('{, ', '{ ').replaceAll(', }', ' }');
}

/** What stands before the first comma that is in no brackets, and what stands after it. */
function partsOf(text: string): string[] {
  let depth = 0;
  for (const [at, character] of [...text].entries()) {
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) return [text.slice(0, at), text.slice(at + 1).trim()];
  }
  return [text];
}
