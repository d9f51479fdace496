import { createHmac } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import t from 'tap';
import { CredentialsEndTooSoon, createFormSigner, type Form } from '../src/sign-form.ts';
import { ACCESS_KEY_ID, NOW, SECRET_ACCESS_KEY, signerOf } from './app-under-test.ts';

const KEY = 'uploads/UploadFilename-20250304_050607-abc';

function policyOf(form: Form): { expiration: string; conditions: unknown[] } {
  return JSON.parse(Buffer.from(form.fields['policy'] ?? '', 'base64').toString('utf8'));
}

/** Amazon S3 API Reference, "Authenticating Requests in Browser-Based Uploads Using POST (AWS Signature Version 4)". */
function signatureOf(form: Form, secretAccessKey: string): string {
  const [, date, region, service, end] = (form.fields['x-amz-credential'] ?? '').split('/');
  const hmac = (key: string | Buffer, text = '') => createHmac('sha256', key).update(text).digest();
  const signingKey = [region, service, end].reduce(hmac, hmac(`AWS4${secretAccessKey}`, date));
  return createHmac('sha256', signingKey)
    .update(form.fields['policy'] ?? '')
    .digest('hex');
}

t.test('the policy fixes bucket, key, size and lifetime, and the signature is S3’s over it', async (t) => {
  const { form, expiresAt } = await signerOf({ lifetimeSeconds: 30, maxBytes: 5_368_709_120 })(KEY);
  const policy = policyOf(form);
  t.equal(policy.expiration, '2025-03-04T05:06:37Z');
  t.strictSame(expiresAt, new Date(policy.expiration));
  const conditions = [
    ['content-length-range', 0, 5_368_709_120],
    { bucket: 'upload-bucket' },
    { key: KEY },
    { 'x-amz-algorithm': 'AWS4-HMAC-SHA256' },
    { 'x-amz-credential': `${ACCESS_KEY_ID}/20250304/eu-central-1/s3/aws4_request` },
    { 'x-amz-date': '20250304T050607Z' },
  ];
  t.strictSame(sorted(policy.conditions.map(inSmallLetters)), sorted(conditions));
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
      async (name, lifetimeSeconds, maxBytes, at) => {
        const sign = signerOf({ now: () => at, lifetimeSeconds, maxBytes });
        const { form, expiresAt } = await sign(`uploads/${name}-x`);
        const { policy, 'x-amz-signature': signature, ...checked } = form.fields;
        const exact = policyOf(form).conditions.filter((condition) => !Array.isArray(condition));
        const demanded = Object.assign({}, ...exact.map(inSmallLetters));
        t.strictSame(demanded, { ...checked, bucket: 'upload-bucket' });
        t.equal(checked['key'], `uploads/${name}-x`);
        t.equal(signature, signatureOf(form, SECRET_ACCESS_KEY));
        const lifeMilliseconds = expiresAt.getTime() - at.getTime();
        t.ok(lifeMilliseconds <= lifetimeSeconds * 1000 && lifeMilliseconds > (lifetimeSeconds - 1) * 1000);
        t.ok(policy);
      },
    ),
    { numRuns: 50 },
  );
});

t.test('clients get the endpoint that they can reach', async (t) => {
  const formUrl = async (config: ConstructorParameters<typeof S3Client>[0], bucket = 'upload-bucket') => {
    const sign = createFormSigner({
      client: new S3Client({
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        ...config,
      }),
      bucket,
      lifetimeSeconds: 30,
      maxBytes: 1,
      now: () => NOW,
    });
    return (await sign(KEY)).form.url;
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

t.test('temporary credentials', async (t) => {
  const signWith = (expiration: Date) =>
    createFormSigner({
      client: new S3Client({
        region: 'us-east-1',
        credentials: async () => ({
          accessKeyId: 'ASIAEXAMPLE',
          secretAccessKey: 'temporary',
          sessionToken: 'the token',
          expiration,
        }),
      }),
      bucket: 'upload-bucket',
      lifetimeSeconds: 30,
      maxBytes: 1,
      now: () => NOW,
    })(KEY);

  t.test('their token is part of form and policy', async (t) => {
    const { form } = await signWith(new Date('2025-03-04T05:06:37Z'));
    t.equal(form.fields['x-amz-security-token'], 'the token');
    t.strictSame(
      policyOf(form)
        .conditions.map(inSmallLetters)
        .filter((condition) => 'x-amz-security-token' in condition),
      [{ 'x-amz-security-token': 'the token' }],
    );
    t.equal(form.fields['x-amz-signature'], signatureOf(form, 'temporary'));
  });

  t.test('no form outlives them', async (t) => {
    await t.rejects(signWith(new Date('2025-03-04T05:06:36.999Z')), {
      constructor: CredentialsEndTooSoon,
      code: 'CredentialsEndTooSoon',
      message: /2025-03-04T05:06:36\.999Z.*2025-03-04T05:06:37\.000Z.*FORM_LIFETIME_SECONDS/,
    });
  });

  t.test('credentials that are renewed meanwhile are not mixed with the old ones', async (t) => {
    let renewals = 0;
    const sign = createFormSigner({
      client: new S3Client({
        region: 'us-east-1',
        // Already at their end each time, so that the SDK asks for new ones at every chance.
        credentials: async () => {
          renewals += 1;
          return {
            accessKeyId: `ASIA${renewals}`,
            secretAccessKey: `${renewals}`,
            expiration: new Date(Date.now() + 1),
          };
        },
      }),
      bucket: 'upload-bucket',
      lifetimeSeconds: 1,
      maxBytes: 1,
      now: () => new Date(0),
    });
    const { form } = await sign(KEY);
    const [accessKeyId = ''] = (form.fields['x-amz-credential'] ?? '').split('/');
    t.equal(form.fields['x-amz-signature'], signatureOf(form, accessKeyId.slice('ASIA'.length)));
  });
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
