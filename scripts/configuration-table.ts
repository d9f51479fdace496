import { drainFields, logFields, tracingFields } from '../packages/runtime/src/config-fields.ts';
import type { Field, Fields } from '../packages/runtime/src/fields.ts';
import { configFields as acceptor } from '../services/acceptor/src/config.ts';
import { configFields as processor } from '../services/processor/src/config.ts';
import { configFields as urlIssuer } from '../services/url-issuer/src/config.ts';
import { configFields as webhookSender } from '../services/webhook-sender/src/config.ts';
import { withGeneratedPart } from './generated-part.ts';

const BEGIN = '<!-- configuration: made by `make docs` from the services’ schemas -->';
const END = '<!-- end of configuration -->';

const services: Readonly<Record<string, Fields>> = {
  'url-issuer': urlIssuer,
  acceptor,
  processor,
  'webhook-sender': webhookSender,
};

/** Every variable of the services, as a Markdown list for each group of services: from the schemas that refuse what is wrong. */
function configurationTables(): string {
  const users = new Map<string, string[]>();
  const fields = new Map<string, Field<unknown> & { readonly isRequired: boolean }>();
  for (const [service, own] of Object.entries(services)) {
    const properties = { ...own, ...logFields, ...drainFields, ...tracingFields };
    for (const [name, field] of Object.entries(properties)) {
      users.set(name, [...(users.get(name) ?? []), service]);
      const isRequired = !('isOptional' in field) && field.default === undefined;
      fields.set(name, { ...field, isRequired });
    }
  }
  const groups = Map.groupBy(fields, ([name]) => groupOf(users.get(name) ?? []));
  return [...groups].map(([group, own]) => `\n## ${group}\n\n${list(own)}\n`).join('');
}

function groupOf(users: readonly string[]): string {
  if (users.length === Object.keys(services).length) return 'All services';
  return new Intl.ListFormat('en-GB').format(users);
}

function list(
  fields: readonly [name: string, field: Field<unknown> & { readonly isRequired: boolean }][],
): string {
  return fields
    .map(([name, field]) => {
      const facts = [field.isRequired ? '**required**' : code(field.default), range(field.expected)];
      const inBrackets = facts.filter((fact) => fact !== '').join('; ');
      return `- \`${name}\`${inBrackets && ` (${inBrackets})`}: ${field.description}`;
    })
    .join('\n');
}

/** A document with its lists renewed. @throws Error when the document has no place for it */
export function withConfigurationTable(document: string): string {
  return withGeneratedPart(document, { begin: BEGIN, end: END, text: configurationTables() });
}

function code(value: unknown): string {
  return value === undefined || value === '' ? '' : `\`${value}\``;
}

/** The range of a number; its unit is in the variable's name. Of all else the service's error says what is allowed. */
function range(expected = ''): string {
  const [, from, to] = /^a whole number (?:of \S+ )?from (\d+) to (\d+)/.exec(expected) ?? [];
  return from === undefined ? '' : `${from}–${to}`;
}
