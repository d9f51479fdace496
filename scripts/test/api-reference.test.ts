import { readFileSync } from 'node:fs';
import t from 'tap';
import { curlOf } from '../api-reference/curl.ts';
import { recordExamples } from '../api-reference/examples.ts';
import { fieldsOf } from '../api-reference/fields.ts';
import { html } from '../api-reference/html.ts';
import { API_REFERENCE, apiReference } from '../api-reference/page.ts';
import { servedDocument } from '../openapi/document.ts';

const api = await servedDocument();
const examples = await recordExamples();

t.test('the committed page has what the url-issuer describes, and what it responds', async (t) => {
  t.equal(readFileSync(API_REFERENCE, 'utf8'), apiReference(api, examples), 'renew it with `make docs`');
});

t.test('it has every field and every status', async (t) => {
  const page = apiReference(api, examples);
  const operations = Object.values(api.paths).flatMap(Object.values<(typeof api.paths)[string][string]>);
  t.equal(examples.size, operations.length);
  for (const { operationId, requestBody, responses } of operations) {
    t.match(page, `<h2 id="${operationId}">`);
    t.match(page, `<a href="#${operationId}">`);
    const fields = fieldsOf(requestBody?.content['application/json']?.schema ?? {});
    for (const { name } of fields) t.match(page, `<code>${name}</code>`);
    for (const status of Object.keys(responses)) t.match(page, new RegExp(`(<td>|Response )${status}<`));
  }
  t.throws(() => apiReference(api, new Map()), { message: /has no GET \/getpresignedurl/ });
});

t.test('no secret, no script, nothing from another place', async (t) => {
  const page = readFileSync(API_REFERENCE, 'utf8');
  t.notMatch(page, /<script|<link|src=|@import|url\(/i);
  t.match(page, 'x-api-key: $UPLOAD_ONCE_API_KEY');
  t.notMatch(page, 'an example, and no key');
});

t.test('fields of forms that differ: required is what each of them requires', async (t) => {
  const form = (method: string, own: string) => ({
    type: 'object',
    required: ['method', own],
    properties: { method: { enum: [method] }, [own]: { type: 'object' } },
  });
  t.strictSame(
    fieldsOf({ anyOf: [form('post', 'fields'), form('put', 'headers')] }).map(
      ({ name, isRequired, allowed }) => `${name} ${isRequired} ${allowed}`,
    ),
    ['method true "post" or "put"', 'fields false object', 'headers false object'],
  );
});

t.test('fields in lists and in fields are named with what they stand in', async (t) => {
  const id = { type: 'object', properties: { id: { type: 'string' } } };
  const schema = { type: 'object', properties: { all: { type: 'array', items: id }, one: id } };
  t.strictSame(
    fieldsOf(schema).map(({ name }) => name),
    ['all', 'all[].id', 'one', 'one.id'],
  );
});

t.test('what is put into the page is text', async (t) => {
  t.equal(
    html`<p>${'<b> & "c"'}${undefined}${[html`<i>${1}</i>`, 'd']}</p>`.text,
    '<p>&lt;b&gt; &amp; &quot;c&quot;<i>1</i>d</p>',
  );
});

t.test('an example is a command of a shell', async (t) => {
  const example = { path: '/v1/x?a=1', headers: { a: '$B' }, status: 200, responseBody: undefined };
  t.equal(
    curlOf('PATCH', { ...example, body: { text: "it's" } }),
    `curl "$UPLOAD_ONCE_URL/v1/x?a=1" \\\n  -X PATCH \\\n  -H "a: $B" \\\n  -d '{\n  "text": "it'\\''s"\n}'`,
  );
  t.equal(
    curlOf('GET', { ...example, body: undefined }),
    `curl "$UPLOAD_ONCE_URL/v1/x?a=1" \\\n  -H "a: $B"`,
  );
});
