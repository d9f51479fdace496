import {
  createMemoryAccessStore,
  createMemoryIdempotencyStore,
  createMemoryQuotaCounters,
} from '@upload-once/access/testing';
import { systemClock } from '@upload-once/clock';
import { createLogger, createReadiness } from '@upload-once/runtime';
import { createMemoryUploadStore } from '@upload-once/uploads/testing';
import t from 'tap';
import type { AppOptions } from '../src/app.ts';
import { createMemoryBuckets } from '../src/rates/memory-buckets.ts';
import { addKey, appUnderTest, KEY_VALUE, NOW, signerOf } from './app-under-test.ts';

// Every route is asked while each dependency in turn fails with all that an SDK's error tells: no response repeats any of it.

const INSIDE = [
  'ResourceNotFoundException',
  'arn:aws:dynamodb:eu-central-1:123456789012:table/inner-table',
  'inner-table',
  'inner.example.internal',
  '10.0.0.1',
  'node_modules',
  'inner-request-id',
];

function fails(): never {
  throw Object.assign(
    new Error('Requested resource arn:aws:dynamodb:eu-central-1:123456789012:table/inner-table not found'),
    {
      name: 'ResourceNotFoundException',
      code: 'ECONNREFUSED',
      statusCode: 403,
      address: '10.0.0.1',
      hostname: 'inner.example.internal',
      $metadata: { httpStatusCode: 400, requestId: 'inner-request-id' },
      stack: 'ResourceNotFoundException: …\n    at send (/app/node_modules/@aws-sdk/client.js:1:1)',
    },
  );
}

/** The same thing, each of whose calls fails. */
function failing<T extends object>(dependency: T): T {
  return new Proxy(dependency, {
    get: (target, name) =>
      typeof Reflect.get(target, name) === 'function' ? async () => fails() : Reflect.get(target, name),
  });
}

const now = () => NOW;
const tableStore = () =>
  createMemoryUploadStore({ now, newToken: () => 'token', recordRetentionSeconds: 1000 });

/** Each dependency that can fail, and how many of the requests below it takes along. */
const DEPENDENCIES: Record<string, [overrides: Partial<AppOptions>, failed: number]> = {
  'the table of keys': [{ accessStore: failing(createMemoryAccessStore()) }, 9],
  'the table of uploads': [
    {
      uploadStore: failing(tableStore()),
      issuedUploads: failing(tableStore().issued),
      linkStore: failing(tableStore().links),
    },
    9,
  ],
  'the records of idempotency keys': [
    { idempotencyStore: failing(createMemoryIdempotencyStore({ now })) },
    1,
  ],
  'the counters of quotas': [{ quotaCounters: failing(createMemoryQuotaCounters()) }, 4],
  'the store of rates': [
    { buckets: failing(createMemoryBuckets({ clock: systemClock, maxBuckets: 10 })) },
    9,
  ],
  'what signs': [{ signer: failing(signerOf()) }, 3],
  'the readiness': [
    {
      readiness: createReadiness({
        checks: { 'A dependency': async () => fails() },
        limitMs: 1_000,
        validMs: 1_000,
        clock: systemClock,
        log: createLogger({ service: 'url-issuer', level: 'fatal', destination: { write() {} } }),
      }),
    },
    1,
  ],
};

for (const [what, [overrides, failed]] of Object.entries(DEPENDENCIES)) {
  t.test(`${what} fails: no response says how`, async (t) => {
    const { app, accessStore } = await appUnderTest(t, overrides);
    if (overrides.accessStore === undefined) await addKey(accessStore, { value: 'counted', dailyQuota: 5 });
    const headers = { 'x-api-key': overrides.accessStore === undefined ? 'counted' : KEY_VALUE };
    const create = { method: 'POST', url: '/v1/uploads', payload: {} } as const;
    const requests = [
      { method: 'GET', url: '/getpresignedurl', headers },
      { ...create, headers },
      { ...create, headers: { ...headers, 'idempotency-key': 'one' } },
      { method: 'GET', url: '/v1/uploads/an-id', headers },
      { method: 'DELETE', url: '/v1/uploads/an-id', headers },
      { method: 'POST', url: '/v1/links', payload: {}, headers },
      { method: 'GET', url: '/v1/links', headers },
      { method: 'GET', url: '/v1/links/an-id', headers },
      { method: 'POST', url: '/u/view', headers: { authorization: `Bearer an-id.${'A'.repeat(43)}` } },
      { method: 'GET', url: '/livez' },
      { method: 'GET', url: '/readyz' },
      { method: 'GET', url: '/openapi.json' },
      { method: 'GET', url: '/nothing' },
    ] as const;
    const responses = [];
    for (const request of requests) responses.push(await app.inject(request));
    t.equal(responses.filter(({ statusCode }) => statusCode >= 500).length, failed, 'it was asked');
    for (const response of responses) {
      const text = `${JSON.stringify(response.headers)}\n${response.body}`;
      for (const each of INSIDE) t.notOk(text.includes(each), `${each}: ${text.slice(0, 300)}`);
      if (response.statusCode >= 400) t.strictSame(Object.keys(response.json()), ['message', 'code']);
    }
  });
}
