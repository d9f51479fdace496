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
const answerOf = (api: Changeable): Changing =>
  api.paths['/v1/uploads/{id}'].get.responses['200'].content['application/json'].schema;

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
      'GET /v1/uploads/{id} no longer answers 200',
    ],
    'a media type': [
      (api) => void Object.assign(api.paths['/v1/uploads/{id}'].get.responses['200'], { content: {} }),
      'GET /v1/uploads/{id}, answer 200 is no application/json any more',
    ],
    'a field of an answer': [
      (api) => void delete (answerOf(api).properties as Partial<Record<string, Changing>>)['state'],
      'GET /v1/uploads/{id}, answer 200: "state" is gone',
    ],
    'a field of an answer that is no longer certain': [
      (api) => void answerOf(api).required.splice(answerOf(api).required.indexOf('id'), 1),
      'GET /v1/uploads/{id}, answer 200: "id" may be missing now',
    ],
    'a field of another type': [
      (api) => void Object.assign(answerOf(api).properties['sizeBytes'] ?? {}, { type: 'string' }),
      'GET /v1/uploads/{id}, answer 200, sizeBytes: its type was integer and is string',
    ],
    'an alternative of an answer': [
      (api) =>
        void api.paths['/v1/uploads'].post.responses['201'].content['application/json'].schema.anyOf.pop(),
      'POST /v1/uploads, answer 201: an alternative is gone',
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
  };
  for (const [what, [change, sentence]] of Object.entries(cases)) {
    t.ok(changed(change).includes(sentence), `${what}: ${changed(change).join('; ')}`);
  }
});

t.test('what is merely new breaks nobody', async (t) => {
  t.strictSame(
    changed((api) => {
      api.paths['/v2'] = { get: { responses: {} } };
      Object.assign(bodyOf(api).properties, { extra: { type: 'string' } });
      Object.assign(answerOf(api).properties, { extra: { type: 'string' } });
      Object.assign(bodyOf(api).properties['name'] ?? {}, { maxLength: 10_000 });
      Object.assign(bodyOf(api).properties['method'] ?? {}, { enum: ['post', 'put', 'patch'] });
      api.paths['/v1/uploads'].post.parameters.push({ in: 'header', name: 'x', schema: {} });
      api.paths['/v1/uploads'].post.responses['402'] = {};
    }),
    [],
  );
});
