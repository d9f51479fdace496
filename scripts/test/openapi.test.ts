import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { asCommitted, CURRENT, RELEASED, servedDocument } from '../openapi/document.ts';
import type { OpenApi } from '../openapi/open-api.ts';

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

t.test('clients of the released API still work: what `make check-api` does not compare', async (t) => {
  const released = JSON.parse(readFileSync(RELEASED, 'utf8')) as OpenApi;
  t.equal(served.openapi, released.openapi);
  t.strictSame(served.servers, released.servers);
  const [before, now] = [schemasOfAnyField(released), schemasOfAnyField(served)];
  t.not(before.length, 0);
  t.strictSame(
    before.filter((where) => !now.includes(where)),
    [],
    'fields of any name that were held to a schema and no longer are',
  );
});

/** Where fields of any name are held to a schema. */
function schemasOfAnyField(value: unknown, where = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === 'additionalProperties' && typeof inner === 'object' ? [where] : []),
    ...schemasOfAnyField(inner, `${where}/${name}`),
  ]);
}
