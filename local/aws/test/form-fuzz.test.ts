import fc from 'fast-check';
import t from 'tap';
import { parsePostPolicy } from '../src/form/post-policy.ts';
import { S3Error } from '../src/s3-error.ts';
import { FORM_TYPE, fieldParts, formBody } from './support/form-body.ts';
import { startFormBucket } from './support/form-bucket.ts';

// Forms that are broken on purpose: a refusal of S3's, or an upload, and never anything else. `make fuzz` tries more.

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 2_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);

const encode = (policy: string | Uint8Array) => Buffer.from(policy as Uint8Array).toString('base64');

function isReadOrRefused(encoded: string): boolean {
  try {
    const { expiresAt, sizeRanges } = parsePostPolicy(encoded);
    return (
      !Number.isNaN(expiresAt.getTime()) && sizeRanges.every(({ minBytes, maxBytes }) => minBytes <= maxBytes)
    );
  } catch (error) {
    if (error instanceof S3Error && error.code === 'InvalidPolicyDocument') return true;
    throw error;
  }
}

t.test('policies', async (t) => {
  const condition = fc.oneof(
    fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 2 }),
    fc.tuple(
      fc.constantFrom('eq', 'starts-with', 'Content-Length-Range', 'x'),
      fc.jsonValue(),
      fc.jsonValue(),
    ),
    fc.jsonValue(),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), isReadOrRefused), { numRuns, seed });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => isReadOrRefused(encode(bytes))),
    { numRuns, seed },
  );
  fc.assert(
    fc.property(
      fc.array(condition),
      fc.oneof(fc.constant('2030-01-31T12:00:00Z'), fc.jsonValue()),
      (conditions, expiration) => isReadOrRefused(encode(JSON.stringify({ expiration, conditions }))),
    ),
    { numRuns, seed },
  );
  t.ok(isReadOrRefused(encode(`{"conditions":${'['.repeat(100_000)}`)), 'nesting without end');
  t.ok(isReadOrRefused(encode('\\'.repeat(1_000_000))), 'a million escapes');
});

t.test(
  'bodies: each one gets a response and leaves nothing, and the next valid one is accepted',
  async (t) => {
    const bucket = await startFormBucket(t);
    const good = formBody([
      ...fieldParts({ key: 'uploads/a', policy: 'e30=' }),
      { name: 'file', fileName: 'a', content: 'x' },
    ]);
    const text = good.toString('latin1');
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
      fc
        .array(
          fc.tuple(
            fc.nat(text.length),
            fc.nat(30),
            fc.constantFrom('', '\r\n', '--', '\0', '"', ';', 'filename*=', '\u00ff', 'a'.repeat(30_000)),
          ),
          {
            minLength: 1,
            maxLength: 3,
          },
        )
        .map((cuts) =>
          Buffer.from(
            cuts.reduce((form, [at, length, put]) => form.slice(0, at) + put + form.slice(at + length), text),
            'latin1',
          ),
        ),
    );
    const bodies = fc.sample(body, { numRuns: Math.max(200, numRuns / 10), seed });
    const before = process.memoryUsage().rss;
    for (const bytes of bodies) {
      const response = await fetch(bucket.url, {
        method: 'POST',
        headers: { 'content-type': FORM_TYPE },
        body: bytes,
      });
      const xml = await response.text();
      if (response.status < 400 || response.status >= 500 || !/<Code>\w+<\/Code>/.test(xml)) {
        t.fail(`seed ${seed}: ${response.status} ${xml} for ${JSON.stringify(bytes.toString('latin1'))}`);
      }
    }
    t.ok(process.memoryUsage().rss - before < 300 * 1024 ** 2, 'what was refused is not kept');
    t.strictSame(await bucket.versions(), []);
    t.strictSame(bucket.events(), []);
    t.equal(await bucket.dataFiles(), 0);
  },
);

t.test(
  'a form that is rejected before its file, which has no end: a response, and the server lives',
  async (t) => {
    const bucket = await startFormBucket(t);
    const whole = formBody([
      ...fieldParts({ key: 'uploads/a' }),
      { name: 'key', content: 'uploads/b' },
      { name: 'file', fileName: 'a', content: 'x'.repeat(100) },
    ]);
    const headers = { 'content-type': FORM_TYPE };
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const response = await fetch(bucket.url, { method: 'POST', headers, body: whole.subarray(0, -80) });
      t.equal(response.status, 400, `attempt ${attempt}`);
    }
    t.strictSame(await bucket.versions(), []);
  },
);

t.test('a form that ends before it begins, with more bytes after its end: a response', async (t) => {
  const bucket = await startFormBucket(t);
  const whole = formBody([
    ...fieldParts({ key: 'uploads/a' }),
    { name: 'file', fileName: 'a', content: 'x' },
  ]);
  const closed = Buffer.concat([Buffer.from(`${whole.toString('latin1').split('\r\n', 1)[0]}--\r\n`), whole]);
  const response = await fetch(bucket.url, {
    method: 'POST',
    headers: { 'content-type': FORM_TYPE },
    body: closed,
  });
  t.equal(response.status, 400);
  t.match(await response.text(), /POST requires exactly one file upload per request/);
  t.strictSame(await bucket.versions(), []);
});
