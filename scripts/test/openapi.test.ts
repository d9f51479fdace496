import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { breakingChanges } from '../openapi/breaking-changes.ts';
import { asCommitted, CURRENT, RELEASED, readDocument, servedDocument } from '../openapi/document.ts';
import type { OpenApi, Schema } from '../openapi/open-api.ts';

const served = await servedDocument();

t.test('the committed description is the one that is served', async (t) => {
  t.equal(readFileSync(CURRENT, 'utf8'), asCommitted(served), 'renew it with `make docs`');
});

t.test('the committed description is OpenAPI 3.1, by the schemas of the specification', async (t) => {
  const check = async (document: Readonly<Record<string, unknown>>) => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    t.equal(validator.version, '3.1');
    return result;
  };
  const { valid, errors } = await check({ ...served });
  t.ok(valid, JSON.stringify(errors));
  const spoiled: Record<string, Record<string, unknown>> = {
    'no info': { ...served, info: undefined },
    'a field that is not known': { ...served, schemes: ['https'] },
  };
  for (const [what, document] of Object.entries(spoiled)) t.notOk((await check(document)).valid, what);
});

t.test('clients of the released API still work', async (t) => {
  t.strictSame(breakingChanges(readDocument(RELEASED), served), []);
});

const released = readDocument(RELEASED);

/** The released API with one change, and what a client of it would say. */
function changed(change: (api: Changeable) => void): string[] {
  const api = structuredClone(released);
  change(api as Changeable);
  return breakingChanges(released, api);
}

type Changeable = { -readonly [Name in keyof OpenApi]: OpenApi[Name] } & {
  // biome-ignore lint/suspicious/noExplicitAny: a document to be spoiled in any way
  paths: any;
};
type Changing = { -readonly [Name in keyof Schema]: Schema[Name] } & {
  properties: Record<string, Changing>;
  required: string[];
};

const bodyOf = (api: Changeable): Changing =>
  api.paths['/v1/uploads'].post.requestBody.content['application/json'].schema;
const responseOf = (api: Changeable): Changing =>
  api.paths['/v1/uploads/{id}'].get.responses['200'].content['application/json'].schema;

const retryAfterOf = (api: Changeable): Changing =>
  api.paths['/v1/uploads'].post.responses['429'].headers['Retry-After'].schema;

t.test('what would break a client is named', async (t) => {
  const cases: Record<string, [(api: Changeable) => void, string]> = {
    'a path': [(api) => void delete api.paths['/v1/uploads'], 'POST /v1/uploads is gone'],
    'an operation': [
      (api) => void delete api.paths['/v1/uploads/{id}'].delete,
      'DELETE /v1/uploads/{id} is gone',
    ],
    'another key': [
      (api) => void Object.assign(api, { security: [{ other: [] }] }),
      'GET /getpresignedurl asks for another key',
    ],
    'a status': [
      (api) => void delete api.paths['/v1/uploads/{id}'].get.responses['200'],
      'GET /v1/uploads/{id} no longer responds with 200',
    ],
    'a media type': [
      (api) => void Object.assign(api.paths['/v1/uploads/{id}'].get.responses['200'], { content: {} }),
      'GET /v1/uploads/{id}, response 200 is no application/json any more',
    ],
    'a field of a response': [
      (api) => void delete (responseOf(api).properties as Partial<Record<string, Changing>>)['state'],
      'GET /v1/uploads/{id}, response 200: "state" is gone',
    ],
    'a field of a response that is no longer certain': [
      (api) => void responseOf(api).required.splice(responseOf(api).required.indexOf('id'), 1),
      'GET /v1/uploads/{id}, response 200: "id" may be missing now',
    ],
    'a field of another type': [
      (api) => void Object.assign(responseOf(api).properties['sizeBytes'] ?? {}, { type: 'string' }),
      'GET /v1/uploads/{id}, response 200, sizeBytes: its type was integer and is string',
    ],
    'an alternative of a response': [
      (api) =>
        void api.paths['/v1/uploads'].post.responses['201'].content['application/json'].schema.anyOf.pop(),
      'POST /v1/uploads, response 201: an alternative is gone',
    ],
    'a new required field': [
      (api) => void Object.assign(bodyOf(api), { required: ['name'] }),
      'POST /v1/uploads, body: "name" is required now',
    ],
    'a field that is not taken': [
      (api) => void delete (bodyOf(api).properties as Partial<Record<string, Changing>>)['sha256'],
      'POST /v1/uploads, body: "sha256" is not taken any more',
    ],
    'a narrowed enum': [
      (api) => void Object.assign(bodyOf(api).properties['method'] ?? {}, { enum: ['post'] }),
      'POST /v1/uploads, body, method: "put" is not allowed any more',
    ],
    'a new enum': [
      (api) => void Object.assign(bodyOf(api).properties['name'] ?? {}, { enum: ['a'] }),
      'POST /v1/uploads, body, name: only some values are allowed now',
    ],
    'a tighter bound': [
      (api) => void Object.assign(bodyOf(api).properties['name'] ?? {}, { maxLength: 10 }),
      'POST /v1/uploads, body, name: its maxLength is 10 now',
    ],
    'a higher least': [
      (api) => void Object.assign(bodyOf(api).properties['minBytes'] ?? {}, { minimum: 1 }),
      'POST /v1/uploads, body, minBytes: its minimum is 1 now',
    ],
    'another pattern': [
      (api) => void Object.assign(bodyOf(api).properties['sha256'] ?? {}, { pattern: '^x$' }),
      'POST /v1/uploads, body, sha256: another pattern is asked for',
    ],
    'a parameter': [
      (api) => void api.paths['/v1/uploads'].post.parameters.pop(),
      'POST /v1/uploads, header idempotency-key is gone',
    ],
    'a parameter that is required': [
      (api) => void Object.assign(api.paths['/v1/uploads'].post.parameters[0], { required: true }),
      'POST /v1/uploads, header idempotency-key is required now',
    ],
    'a body where there was none': [
      (api) =>
        void Object.assign(api.paths['/v1/uploads/{id}'].delete, {
          requestBody: { required: true, content: {} },
        }),
      'DELETE /v1/uploads/{id}, body is required now',
    ],
    'a key that is sent elsewhere': [
      (api) => void Object.assign(api, { components: { securitySchemes: { apiKey: { type: 'http' } } } }),
      'securitySchemes: apiKey was {"type":"apiKey","in":"header","name":"x-api-key"} and is {"type":"http"}',
    ],
    'another server': [
      (api) => void Object.assign(api, { servers: [{ url: '/v2' }] }),
      'the description: servers was [{"url":"/"}] and is [{"url":"/v2"}]',
    ],
    'another name of an operation': [
      (api) => void Object.assign(api.paths['/v1/uploads'].post, { operationId: 'makeUpload' }),
      'POST /v1/uploads: operationId was "createUpload" and is "makeUpload"',
    ],
    'a new success': [
      (api) => void Object.assign(api.paths['/v1/uploads'].post.responses, { 202: {} }),
      'POST /v1/uploads may respond with 202 now',
    ],
    'a body where there was none in a response': [
      (api) => {
        api.paths['/v1/uploads/{id}'].delete.responses['204'].content = {
          'application/json': { schema: {} },
        };
      },
      'DELETE /v1/uploads/{id}, response 204 has a body now',
    ],
    'a header of a response': [
      (api) => void delete api.paths['/v1/uploads'].post.responses['429'].headers['Retry-After'],
      'POST /v1/uploads, response 429, header Retry-After is gone',
    ],
    'a header that is no longer certain': [
      (api) => void delete api.paths['/v1/uploads'].post.responses['503'].headers['Retry-After'].required,
      'POST /v1/uploads, response 503, header Retry-After may be missing now',
    ],
    'a header of another type': [
      (api) => {
        api.paths['/v1/uploads'].post.responses['503'].headers['Retry-After'].schema = { type: 'string' };
      },
      'POST /v1/uploads, response 503, header Retry-After: its type was integer and is string',
    ],
    'another default': [
      (api) => void Object.assign(bodyOf(api).properties['method'] ?? {}, { default: 'put' }),
      'POST /v1/uploads, body, method: its default was post and is put',
    ],
    'narrower names': [
      (api) =>
        void Object.assign(bodyOf(api).properties['metadata'] ?? {}, { propertyNames: { pattern: 'a' } }),
      'POST /v1/uploads, body, metadata, any name: another pattern is asked for',
    ],
    'fewer fields': [
      (api) => void Object.assign(bodyOf(api).properties['metadata'] ?? {}, { maxProperties: 3 }),
      'POST /v1/uploads, body, metadata: its maxProperties is 3 now',
    ],
    'a most that is left out itself': [
      (api) => void Object.assign(bodyOf(api).properties['maxBytes'] ?? {}, { exclusiveMaximum: 7 }),
      'POST /v1/uploads, body, maxBytes: its exclusiveMaximum is 7 now',
    ],
    steps: [
      (api) => void Object.assign(bodyOf(api).properties['maxBytes'] ?? {}, { multipleOf: 2 }),
      'POST /v1/uploads, body, maxBytes: another pattern is asked for',
    ],
    'one value': [
      (api) => void Object.assign(bodyOf(api).properties['name'] ?? {}, { const: 'a' }),
      'POST /v1/uploads, body, name: only some values are allowed now',
    ],
    'a new value in a response': [
      (api) => void Object.assign(responseOf(api).properties['state'] ?? {}, { enum: ['ISSUED', 'PAUSED'] }),
      'GET /v1/uploads/{id}, response 200, state: "PAUSED" may come now',
    ],
    'a wider bound in a response': [
      (api) => void Object.assign(retryAfterOf(api), { minimum: 0 }),
      'POST /v1/uploads, response 429, header Retry-After: its minimum was 1',
    ],
    'no bound in a response': [
      (api) => void delete retryAfterOf(api).minimum,
      'POST /v1/uploads, response 429, header Retry-After: its minimum was 1',
    ],
    'another alternative in a response': [
      (api) =>
        void api.paths['/v1/uploads'].post.responses['201'].content['application/json'].schema.anyOf.push({}),
      'POST /v1/uploads, response 201: another alternative may come now',
    ],
    'any field where all were of one kind': [
      (api) =>
        void Object.assign(responseOf(api).properties['metadata'] ?? {}, { additionalProperties: true }),
      'GET /v1/uploads/{id}, response 200, metadata: other fields may come now',
    ],
  };
  for (const [what, [change, sentence]] of Object.entries(cases)) {
    t.ok(changed(change).includes(sentence), `${what}: ${changed(change).join('; ')}`);
  }
});

t.test('an optional addition breaks no client', async (t) => {
  t.strictSame(
    changed((api) => {
      api.paths['/v2'] = { get: { responses: {} } };
      Object.assign(bodyOf(api).properties, { extra: { type: 'string' } });
      Object.assign(responseOf(api).properties, { extra: { type: 'string' } });
      Object.assign(bodyOf(api).properties['name'] ?? {}, { maxLength: 10_000 });
      Object.assign(bodyOf(api).properties['method'] ?? {}, { enum: ['post', 'put', 'patch'] });
      Object.assign(responseOf(api).properties['state'] ?? {}, { enum: ['ISSUED'] });
      Object.assign(retryAfterOf(api), { minimum: 2 });
      Object.assign(api.paths['/v1/uploads'].post, { summary: 'other words' });
      api.paths['/v1/uploads'].post.parameters.push({ in: 'header', name: 'x', schema: {} });
      api.paths['/v1/uploads'].post.responses['402'] = {};
    }),
    [],
  );
});

t.test('a field that is not compared yet is rejected, wherever it is', async (t) => {
  const first = (api: Changeable) => api.paths['/v1/uploads'].post;
  const cases: Record<string, [(api: Changeable) => object, RegExp]> = {
    'a keyword of a request': [
      (api) => bodyOf(api),
      /POST \/v1\/uploads, body: .* does not compare x-new \(in: schema\)/,
    ],
    'a keyword of a response': [
      (api) => responseOf(api),
      /GET \/v1\/uploads\/\{id\}, response 200: .* \(in: schema\)/,
    ],
    'a keyword of a header': [(api) => retryAfterOf(api), /header Retry-After: .* \(in: schema\)/],
    'of a header': [(api) => first(api).responses['429'].headers['Retry-After'], /\(in: header\)/],
    'of a response': [(api) => first(api).responses['201'], /\(in: response\)/],
    'of a media type': [
      (api) => first(api).responses['201'].content['application/json'],
      /\(in: media type\)/,
    ],
    'of a parameter': [(api) => first(api).parameters[0], /\(in: parameter\)/],
    'of a body': [(api) => first(api).requestBody, /\(in: body\)/],
    'of an operation': [(api) => first(api), /\(in: operation\)/],
    'of the document': [(api) => api, /\(in: document\)/],
  };
  for (const [what, [find, message]] of Object.entries(cases)) {
    t.throws(() => changed((api) => void Object.assign(find(api), { 'x-new': 1 })), { message }, what);
  }
});
