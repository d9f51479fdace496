import type { TObject } from 'typebox';
import { drainFields, logFields } from '../packages/runtime/src/config-fields.ts';
import { configSchema as acceptor } from '../services/acceptor/src/config.ts';
import { configSchema as processor } from '../services/processor/src/config.ts';
import { configSchema as urlIssuer } from '../services/url-issuer/src/config.ts';
import { withGeneratedPart } from './generated-part.ts';

const BEGIN = '<!-- configuration: made by `make docs` from the services’ schemas -->';
const END = '<!-- end of configuration -->';

interface Field {
  readonly description?: string;
  readonly expected?: string;
  readonly default?: unknown;
}

const services: Readonly<Record<string, TObject>> = {
  'url-issuer': urlIssuer,
  acceptor,
  processor,
};

/** Every variable of the three services, as a Markdown table: from the schemas that refuse what is wrong. */
export function configurationTable(): string {
  const users = new Map<string, string[]>();
  const fields = new Map<string, Field & { readonly isRequired: boolean }>();
  for (const [service, schema] of Object.entries(services)) {
    const properties = { ...schema.properties, ...logFields, ...drainFields } as Record<string, Field>;
    for (const [name, field] of Object.entries(properties)) {
      users.set(name, [...(users.get(name) ?? []), service]);
      const isRequired = (schema.required ?? []).includes(name) && field.default === undefined;
      fields.set(name, { ...field, isRequired });
    }
  }
  const rows = [...fields].map(([name, field]) => {
    const used = users.get(name) ?? [];
    const by = used.length === Object.keys(services).length ? 'all' : used.join(', ');
    const otherwise = field.isRequired ? '**required**' : code(field.default);
    return `| \`${name}\` | ${by} | ${otherwise} | ${cell(allowed(field.expected))} | ${cell(field.description)} |`;
  });
  return ['| Variable | Service | Default | Value | Meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** A document with its table renewed. @throws Error when the document has no place for it */
export function withConfigurationTable(document: string): string {
  return withGeneratedPart(document, { begin: BEGIN, end: END, text: configurationTable() });
}

function code(value: unknown): string {
  return value === undefined || value === '' ? '–' : `\`${value}\``;
}

/** The range of a number is short here: its unit is in the variable's name. */
function allowed(expected = ''): string {
  return expected.replace(/^a whole number (of \S+ )?from /, '');
}

function cell(text = ''): string {
  return text.replaceAll('|', '\\|');
}
