import { createMemoryQuotaCounters } from '@upload-once/access/testing';
import { createDynamoDbIssuedUploads, createDynamoDbUploadStore } from '@upload-once/uploads';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { addKey, appUnderTest, NOW } from './app-under-test.ts';
import { startTables, UPLOADS_TABLE } from './start-tables.ts';

// Bodies with names and values that were made to be mistaken for something else, recorded in a table as DynamoDB's client writes it.
// `make fuzz` tries more.

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 300);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);

const INHERITED = Object.getOwnPropertyNames(Object.prototype);
/** As the API describes a name of metadata. */
const METADATA_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/;

async function issuer(t: Test) {
  const tables = await startTables(t);
  const quotaCounters = createMemoryQuotaCounters();
  const settings = {
    client: tables.client,
    tableName: UPLOADS_TABLE,
    recordRetentionSeconds: 1,
    newToken: () => crypto.randomUUID(),
  };
  const uploadStore = createDynamoDbUploadStore({ ...settings, now: () => NOW });
  const issuedUploads = createDynamoDbIssuedUploads(settings);
  const underTest = await appUnderTest(t, { uploadStore, issuedUploads, quotaCounters });
  // The clock stands still, so the burst is all that the key gets: more than any number of runs asks for.
  const quota = { dailyQuota: 1_000_000_000, ratePerSecond: 10_000, burst: 1_000_000_000 };
  const keyId = await addKey(underTest.accessStore, { value: 'with a quota', ...quota });
  async function create(body: string, headers: Record<string, string> = {}) {
    const response = await underTest.app.inject({
      method: 'POST',
      url: '/v1/uploads',
      headers: { 'x-api-key': 'with a quota', 'content-type': 'application/json', ...headers },
      payload: body,
    });
    return { status: response.statusCode, text: response.body, ...response.json() };
  }
  async function metadataOf(id: string): Promise<Record<string, string>> {
    const url = `/v1/uploads/${encodeURIComponent(id)}`;
    return (await underTest.get(url, { 'x-api-key': 'with a quota' })).json().metadata;
  }
  const used = () => quotaCounters.used({ keyId, day: NOW.toISOString().slice(0, 10) });
  return { ...underTest, create, metadataOf, used };
}

/** Also a name that an object would take for its prototype. */
function bodyOf(entries: [name: string, value: unknown][]): string {
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`;
}

t.test('names that every object has are names of metadata like any other', async (t) => {
  const { create, metadataOf, used } = await issuer(t);
  let issued = 0;
  for (const name of INHERITED) {
    for (const method of ['post', 'put']) {
      const sizes = method === 'put' ? '"minBytes":7,"maxBytes":7,' : '';
      const body = `{"method":"${method}",${sizes}"metadata":${bodyOf([[name, 'x']])}}`;
      const response = await create(body);
      if (!METADATA_NAME.test(name)) {
        t.equal(response.status, 400, name);
        continue;
      }
      issued += 1;
      t.equal(response.status, 201, name);
      t.equal((response.fields ?? response.headers)[`x-amz-meta-${name}`], 'x', 'it is signed');
      t.strictSame(Object.entries(await metadataOf(response.id)), [[name, 'x']], 'and kept');
      const repeated = { 'idempotency-key': `${method} ${name}` };
      const [first, second] = [await create(body, repeated), await create(body, repeated)];
      t.equal(second.id, first.id, 'a repeat comes to the same upload');
      t.equal((await create(body.replace('"x"', '"y"'), repeated)).status, 422, 'another value to none');
      issued += 1;
    }
    t.equal((await create(bodyOf([[name, 'x']]))).status, 400, `${name} is no field`);
  }
  t.ok(issued > 0);
  t.equal(await used(), issued, 'each upload took one unit of the quota, and nothing else did');
});

t.test('any body: an upload with just that metadata, or a refusal, and never a fault', async (t) => {
  const { create, metadataOf, used, logLines } = await issuer(t);
  const name = fc.oneof(
    fc.constantFrom(
      ...INHERITED,
      'name',
      'method',
      'contentType',
      'maxBytes',
      'metadata',
      'prototype',
      'then',
    ),
    fc.stringMatching(METADATA_NAME),
    fc.string({ unit: 'binary' }),
  );
  const text = fc.oneof(fc.constantFrom('x', ...INHERITED), fc.string(), fc.string({ unit: 'binary' }));
  const metadata = fc.array(fc.tuple(name, fc.oneof({ weight: 9, arbitrary: text }, fc.jsonValue())), {
    maxLength: 4,
  });
  const others = fc.array(fc.tuple(name, fc.oneof(text, fc.jsonValue())), { maxLength: 2 });
  const body = fc.tuple(metadata, fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, others));
  let issued = 0;
  await fc.assert(
    fc.asyncProperty(body, async ([metadata, others]) => {
      const fields = others.map(([field, value]) => `,${JSON.stringify(field)}:${JSON.stringify(value)}`);
      const response = await create(`{"metadata":${bodyOf(metadata)}${fields.join('')}}`);
      if ([400, 403, 415].includes(response.status)) return;
      if (response.status !== 201) throw new Error(`status ${response.status}: ${response.text}`);
      issued += 1;
      // Of a name that stands there twice the last value counts (ECMA-262, JSON.parse).
      const sent = others.some(([field]) => field === 'metadata') ? undefined : new Map(metadata);
      const kept = new Map(Object.entries(await metadataOf(response.id)));
      if (sent) t.strictSame(kept, sent);
    }),
    { numRuns, seed },
  );
  t.ok(issued > numRuns / 100, `${issued} were issued`);
  t.equal(await used(), issued);
  t.strictSame(
    logLines.filter((line) => /"level":"(error|fatal)"/.test(line)),
    [],
  );
});
