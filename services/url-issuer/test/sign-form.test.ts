import { createHmac } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import fc from 'fast-check';
import t from 'tap';
import { createFormSigner, type SignedForm, signedFields } from '../src/signing/sign-form.ts';
import { expirationOf } from '../src/signing/signature-times.ts';
import type { SignedTerms } from '../src/signing/signing-request.ts';
import { createUploadSigner, type UploadSigner } from '../src/signing/upload-signer.ts';
import { ACCESS_KEY_ID, NOW, SECRET_ACCESS_KEY, signerOf } from './app-under-test.ts';

const KEY = 'uploads/UploadFilename-20250304_050607-abc';

async function sign(
  signer: UploadSigner,
  terms: Partial<SignedTerms> = {},
  lifetimeSeconds = 30,
): Promise<{ form: SignedForm; expiresAt: Date }> {
  const upload = {
    key: KEY,
    issuedAt: NOW,
    constraints: { method: 'post', minBytes: 0, maxBytes: 5_000 } as const,
    metadata: {},
    ...terms,
  };
  const signing = await signer.begin(expirationOf(upload.issuedAt, lifetimeSeconds));
  return { form: (await signing.sign(upload)) as SignedForm, expiresAt: signing.expiresAt };
}

function policyOf(form: SignedForm): { expiration: string; conditions: unknown[] } {
  return JSON.parse(Buffer.from(form.fields['policy'] ?? '', 'base64').toString('utf8'));
}

/** Amazon S3 API Reference, "Authenticating Requests in Browser-Based Uploads Using POST (AWS Signature Version 4)". */
function signatureOf(form: SignedForm, secretAccessKey: string): string {
  const [, date, region, service, end] = (form.fields['x-amz-credential'] ?? '').split('/');
  const hmac = (key: string | Buffer, text = '') => createHmac('sha256', key).update(text).digest();
  const signingKey = [region, service, end].reduce(hmac, hmac(`AWS4${secretAccessKey}`, date));
  return createHmac('sha256', signingKey)
    .update(form.fields['policy'] ?? '')
    .digest('hex');
}

t.test('the policy fixes bucket, key, size and lifetime, and the signature is S3’s over it', async (t) => {
  const constraints = { method: 'post', minBytes: 1, maxBytes: 5_368_709_120 } as const;
  const { form, expiresAt } = await sign(signerOf(), { constraints });
  const policy = policyOf(form);
  t.equal(policy.expiration, '2025-03-04T05:06:37Z');
  t.strictSame(expiresAt, new Date(policy.expiration));
  const conditions = [
    ['content-length-range', 1, 5_368_709_120],
    { bucket: 'upload-bucket' },
    { key: KEY },
    { 'x-amz-algorithm': 'AWS4-HMAC-SHA256' },
    { 'x-amz-credential': `${ACCESS_KEY_ID}/20250304/eu-central-1/s3/aws4_request` },
    { 'x-amz-date': '20250304T050607Z' },
  ];
  t.strictSame(sorted(policy.conditions.map(inSmallLetters)), sorted(conditions));
  t.equal(form.fields['x-amz-signature'], signatureOf(form, SECRET_ACCESS_KEY));
});

t.test('P6: one signer dates each form with its own second, whichever it signed before', async (t) => {
  const signer = signerOf();
  for (const seconds of [0, 2, 1, 86_400, 0]) {
    const issuedAt = new Date(NOW.getTime() + seconds * 1000);
    const { form } = await sign(signer, { issuedAt });
    const date = `${issuedAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    t.equal(form.fields['x-amz-date'], date);
    t.match(form.fields['x-amz-credential'], `/${date.slice(0, 8)}/`);
    t.equal(form.fields['x-amz-signature'], signatureOf(form, SECRET_ACCESS_KEY));
    t.match(Object.assign({}, ...policyOf(form).conditions.map(inSmallLetters)), { 'x-amz-date': date });
  }
});

t.test('content type, checksum and metadata are fields of the form, each fixed by the policy', async (t) => {
  const sha256 = Buffer.alloc(32, 7).toString('base64');
  const { form } = await sign(signerOf(), {
    constraints: { method: 'post', minBytes: 0, maxBytes: 9, contentType: 'text/csv; charset=utf-8', sha256 },
    metadata: { customer: 'A & B', 'order-no': '7' },
  });
  const wanted = {
    'Content-Type': 'text/csv; charset=utf-8',
    'x-amz-checksum-algorithm': 'SHA256',
    'x-amz-checksum-sha256': sha256,
    'x-amz-meta-customer': 'A & B',
    'x-amz-meta-order-no': '7',
  };
  t.match(form.fields, wanted);
  const exact = Object.assign({}, ...policyOf(form).conditions.map(inSmallLetters));
  t.match(exact, inSmallLetters(wanted));
  t.equal(form.fields['x-amz-signature'], signatureOf(form, SECRET_ACCESS_KEY));
});

t.test('every field that S3 checks is in the form with just the value that the policy has', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 50 })
        .filter((name) => !/[/$\p{Cc}]/u.test(name)),
      fc.integer({ min: 1, max: 604_800 }),
      fc.integer({ min: 1, max: 5_368_709_120 }),
      fc.date({ min: new Date('2000-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }),
      fc.dictionary(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,9}$/), fc.stringMatching(/^[!-~]{1,20}$/)),
      async (name, lifetimeSeconds, maxBytes, at, metadata) => {
        const signer = signerOf({ now: () => at });
        const terms = {
          key: `uploads/${name}-x`,
          issuedAt: at,
          constraints: { method: 'post', minBytes: 0, maxBytes } as const,
          metadata,
        };
        const { form, expiresAt } = await sign(signer, terms, lifetimeSeconds);
        const { policy, 'x-amz-signature': signature, ...checked } = form.fields;
        const exact = policyOf(form).conditions.filter((condition) => !Array.isArray(condition));
        const demanded = Object.assign({}, ...exact.map(inSmallLetters));
        t.strictSame(demanded, { ...checked, bucket: 'upload-bucket' });
        t.equal(checked['key'], `uploads/${name}-x`);
        t.equal(signature, signatureOf(form, SECRET_ACCESS_KEY));
        t.strictSame(expiresAt, new Date(policyOf(form).expiration));
        const lifeMs = expiresAt.getTime() - at.getTime();
        t.ok(lifeMs <= lifetimeSeconds * 1000 && lifeMs > (lifetimeSeconds - 1) * 1000);
        t.ok(policy);
      },
    ),
    { numRuns: 50 },
  );
});

t.test('the same upload signed again is the same, to the byte', async (t) => {
  const terms = { issuedAt: new Date('2025-03-04T05:06:07.999Z'), metadata: { a: 'b' } };
  const later = signerOf({ now: () => new Date(NOW.getTime() + 20_000) });
  t.strictSame(await sign(later, terms), await sign(signerOf(), terms));
});

t.test('a form is the same, to the byte, as the AWS SDK makes it', async (t) => {
  const ascii = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  const terms = fc.record({
    key: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).map((text) => `uploads/${text}-0`),
    seconds: fc.integer({ min: 0, max: 4_000_000_000 }),
    ms: fc.integer({ min: 0, max: 999 }),
    lifetimeSeconds: fc.integer({ min: 1, max: 604_800 }),
    maxBytes: fc.integer({ min: 0, max: 5_368_709_120 }),
    contentType: fc.option(ascii, { nil: undefined }),
    sha256: fc.option(fc.constant(Buffer.alloc(32, 7).toString('base64')), { nil: undefined }),
    metadata: fc.dictionary(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/), ascii),
    sessionToken: fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{1,80}$/), { nil: undefined }),
    secretAccessKey: fc.stringMatching(/^[A-Za-z0-9+/]{40}$/),
    region: fc.constantFrom('eu-central-1', 'us-east-1', 'cn-north-1'),
  });
  await fc.assert(
    fc.asyncProperty(terms, async (given) => {
      const { seconds, ms, lifetimeSeconds, secretAccessKey, sessionToken, region, key, metadata } = given;
      const issuedAt = new Date(seconds * 1000 + ms);
      const credentials = {
        accessKeyId: ACCESS_KEY_ID,
        secretAccessKey,
        ...(sessionToken && { sessionToken }),
      };
      const client = new S3Client({ region, credentials });
      const constraints = {
        method: 'post' as const,
        minBytes: 0,
        maxBytes: given.maxBytes,
        ...(given.contentType !== undefined && { contentType: given.contentType }),
        ...(given.sha256 !== undefined && { sha256: given.sha256 }),
      };
      const signer = createUploadSigner({ client, bucket: 'upload-bucket', now: () => issuedAt });
      const { form } = await sign(signer, { key, issuedAt, constraints, metadata }, lifetimeSeconds);
      const signedAt = new Date(seconds * 1000);
      const theirs = await createPresignedPost(
        Object.assign(client, {
          config: { ...client.config, systemClockOffset: signedAt.getTime() - Date.now() },
        }),
        {
          Bucket: 'upload-bucket',
          Key: key,
          Conditions: [['content-length-range', 0, given.maxBytes]],
          Fields: signedFields({ constraints, metadata }),
          Expires: lifetimeSeconds,
        },
      );
      const { bucket: _, ...fields } = theirs.fields;
      t.equal(form.url, theirs.url);
      t.strictSame(inSmallLetters(form.fields), inSmallLetters(fields));
    }),
    { numRuns: 300 },
  );
});

t.test('a form is signed by its own day and credentials, whatever was signed before', async (t) => {
  const secrets = ['a', 'b'].map((last) => `${'s'.repeat(39)}${last}`);
  const days = ['2030-01-31T23:59:59Z', '2030-02-01T00:00:00Z'].map((day) => new Date(day));
  const client = new S3Client({ region: 'eu-central-1' });
  const signerOfAll = createFormSigner({ client, bucket: 'upload-bucket' });
  for (const at of [0, 1, 2, 3, 0, 3, 1, 1, 2, 0]) {
    const issuedAt = days[at >> 1] ?? new Date(0);
    const identity = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: secrets[at & 1] ?? '' };
    const constraints = { method: 'post' as const, minBytes: 0, maxBytes: 1 };
    const expiresAt = expirationOf(issuedAt, 60);
    const toSign = { key: 'uploads/a', issuedAt, expiresAt, constraints, metadata: {}, identity };
    t.strictSame(
      await signerOfAll(toSign),
      await createFormSigner({ client, bucket: 'upload-bucket' })(toSign),
    );
  }
});

t.test('an endpoint that could not be found is looked for again', async (t) => {
  let calls = 0;
  const region = async () => {
    calls += 1;
    if (calls === 1) throw new Error('no region');
    return 'eu-central-1';
  };
  const sign = createFormSigner({ client: new S3Client({ region }), bucket: 'upload-bucket' });
  const identity = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: 's' };
  const constraints = { method: 'post' as const, minBytes: 0, maxBytes: 1 };
  const expiresAt = expirationOf(NOW, 60);
  const toSign = { key: 'uploads/a', issuedAt: NOW, expiresAt, constraints, metadata: {}, identity };
  await t.rejects(sign(toSign), { message: 'no region' });
  t.match((await sign(toSign)).fields['x-amz-credential'], /eu-central-1/);
});

t.test('clients get the endpoint that they can reach', async (t) => {
  const formUrl = async (config: ConstructorParameters<typeof S3Client>[0], bucket = 'upload-bucket') => {
    const signer = createUploadSigner({
      client: new S3Client({
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        ...config,
      }),
      bucket,
      now: () => NOW,
    });
    return (await sign(signer)).form.url;
  };
  t.equal(await formUrl({}), 'https://upload-bucket.s3.us-east-1.amazonaws.com/');
  t.equal(await formUrl({}, 'with.dots'), 'https://s3.us-east-1.amazonaws.com/with.dots');
  t.equal(
    await formUrl({ endpoint: 'http://127.0.0.1:9000', forcePathStyle: true }),
    'http://127.0.0.1:9000/upload-bucket',
  );
  t.equal(
    await formUrl({ endpoint: 'https://s3.example.org/', forcePathStyle: false }),
    'https://upload-bucket.s3.example.org/',
  );
});

t.test('the token of temporary credentials is part of form and policy', async (t) => {
  const signer = createUploadSigner({
    client: new S3Client({
      region: 'us-east-1',
      credentials: {
        accessKeyId: 'ASIAEXAMPLE',
        secretAccessKey: 'temporary',
        sessionToken: 'the token',
      },
    }),
    bucket: 'upload-bucket',
    now: () => NOW,
  });
  const { form } = await sign(signer);
  t.equal(form.fields['x-amz-security-token'], 'the token');
  t.strictSame(
    policyOf(form)
      .conditions.map(inSmallLetters)
      .filter((condition) => 'x-amz-security-token' in condition),
    [{ 'x-amz-security-token': 'the token' }],
  );
  t.equal(form.fields['x-amz-signature'], signatureOf(form, 'temporary'));
});

function inSmallLetters(condition: unknown): Record<string, unknown> | unknown[] {
  if (Array.isArray(condition)) return condition;
  return Object.fromEntries(
    Object.entries(condition as object).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function sorted(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item)).sort();
}
