import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder } from './folders.ts';

/** A fenced text of a page: commands (`sh`), or settings (`hcl`). */
export interface PageBlock {
  readonly language: string;
  readonly lines: string;
}

/** Each fenced text of a part of a page in docs, in order. There is none if the page has no such part. */
export function blocksOf(page: string, heading: string): PageBlock[] {
  const text = `\n${readFileSync(join(repositoryFolder, 'docs', page), 'utf8')}`;
  const part = text.split(`\n${heading}\n`)[1] ?? '';
  const end = part.search(/^##? /m);
  const blocks = [...(end < 0 ? part : part.slice(0, end)).matchAll(/^( *)```(\w+)\n(.*?)^ *```/gms)];
  return blocks.map(([, indent = '', language = '', lines = '']) => ({
    language,
    lines: lines.replace(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/**
 * As a person does it: commands are entered, settings are written to terraform.tfvars.
 *
 * @param settings that are in this file as well
 */
export function scriptOf(blocks: readonly PageBlock[], settings = ''): string {
  return blocks
    .map(({ language, lines }) =>
      language === 'hcl' ? `cat > terraform/terraform.tfvars <<'END'\n${settings}${lines}END\n` : lines,
    )
    .join('');
}
