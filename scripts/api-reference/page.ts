import { readFileSync } from 'node:fs';
import type { DescribedResponse, OpenApi, Operation, Schema } from '../openapi/open-api.ts';
import { curlOf } from './curl.ts';
import type { Example } from './examples.ts';
import { allowedBy, type Field, fieldsOf } from './fields.ts';
import { Html, html } from './html.ts';

/** The page, as it is committed. */
export const API_REFERENCE = new URL('../../docs/api-reference.html', import.meta.url);

const STYLE = readFileSync(new URL('page.css', import.meta.url), 'utf8');

interface Described {
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly example: Example;
}

/**
 * The description of the API as a page for people: no script, nothing from another place.
 * @throws Error for an operation without an example
 */
export function apiReference(api: OpenApi, examples: ReadonlyMap<string, Example>): string {
  const all = operationsOf(api, examples);
  const common = commonErrors(all);
  return `${
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>API reference of upload-once</title>
<style>
${new Html(STYLE)}</style>
</head>
<body>
<header>
<h1>API reference of upload-once</h1>
<p>Made by <code>make docs</code> from the description that the url-issuer serves at <a href="openapi.json"><code>/openapi.json</code></a>, and from
requests to it. <a href="api.md">The API</a> explains how its parts work together.</p>
</header>
<nav aria-label="Operations">
<ul>
${all.map(({ method, path, operation }) => html`<li><a href="#${operation.operationId}">${operation.summary} <code>${method} ${path}</code></a></li>\n`)}</ul>
</nav>
<main>
<section>
<h2 id="every-request">Every request</h2>
<p>Requests under <code>/v1</code> and <code>/getpresignedurl</code> need an API key in <code>x-api-key</code>. Requests under <code>/u</code> need what stands behind <code>#</code> in
the URL of a link, in <code>Authorization: Bearer …</code>. Bodies are JSON in UTF-8.</p>
<p>An error has a <code>code</code> for programs and a <code>message</code> for people, which can change. Each request can get:</p>
${table(['Status', 'Meaning'], common)}
</section>
${all.map((described) => section(described, common))}</main>
</body>
</html>
`.text
  }`;
}

function operationsOf(api: OpenApi, examples: ReadonlyMap<string, Example>): Described[] {
  return Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([name, operation]) => {
      const method = name.toUpperCase();
      const example = examples.get(`${method} ${path}`);
      if (!example) throw new Error(`scripts/api-reference/examples.ts has no ${method} ${path}`);
      return { method, path, operation, example };
    }),
  );
}

/** Those that each operation has, in the same words. */
function commonErrors(all: readonly Described[]): Cell[][] {
  const [first] = all;
  return Object.entries(first?.operation.responses ?? {})
    .filter(([status, { description }]) =>
      all.every(({ operation }) => operation.responses[status]?.description === description),
    )
    .map(([status, { description }]) => [status, description]);
}

function section({ method, path, operation, example }: Described, common: readonly Cell[][]): Html {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const success = responses[String(example.status)];
  const others = Object.entries(responses).filter(
    ([status]) => status !== String(example.status) && !common.some(([known]) => known === status),
  );
  const parameterRows = parameters.map(({ name, in: place, required, description: meaning, schema }) => [
    html`<code>${name}</code>${required ? html` <small>required</small>` : undefined}`,
    place,
    allowedBy(schema),
    meaning ?? schema.description,
  ]);
  return html`<section>
<h2 id="${operationId}">${summary}</h2>
<p class="request"><code>${method} ${path}</code></p>
${description ? html`<p>${description}</p>\n` : undefined}${parameterRows.length > 0 ? html`<h3>Parameters</h3>\n${table(['Name', 'In', 'Allowed', 'Meaning'], parameterRows)}\n` : undefined}${fieldTable('Body', bodyOf(requestBody))}<h3>Example</h3>
<pre><code>${curlOf(method, example)}</code></pre>
<h3>Response ${example.status}</h3>
<p>${success?.description}</p>
${example.responseBody ? html`<pre><code>${JSON.stringify(example.responseBody, null, 2)}</code></pre>\n` : undefined}${fieldTable('Fields of the response', bodyOf(success))}${
  others.length > 0
    ? html`<h3>Other responses</h3>\n${table(
        ['Status', 'Meaning'],
        others.map(([status, other]) => [status, other.description]),
      )}\n`
    : undefined
}</section>
`;
}

function bodyOf(described: Operation['requestBody'] | DescribedResponse): Schema | undefined {
  return described?.content?.['application/json']?.schema;
}

function fieldTable(title: string, schema: Schema | undefined): Html | undefined {
  const fields = schema && fieldsOf(schema);
  if (!fields?.length) return undefined;
  return html`<h3>${title}</h3>\n${table(['Name', 'Allowed', 'Meaning'], fields.map(fieldRow))}\n`;
}

function fieldRow({ name, isRequired, allowed, default: value, description }: Field): Cell[] {
  return [
    html`<code>${name}</code>${isRequired ? html` <small>required</small>` : undefined}`,
    html`${allowed}${value === undefined ? undefined : html`<br><small>default ${value}</small>`}`,
    description,
  ];
}

type Cell = string | Html | undefined;

function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  return html`<table>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table>`;
}
