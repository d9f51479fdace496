import { createHmac } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import t, { type Test } from 'tap';
import { createFormSigner } from '../../../services/url-issuer/src/signing/sign-form.ts';
import { deployment, s3 } from '../support/deployment.ts';
import { postForm, requestForm } from '../support/forms.ts';
import { KNOWN_GAPS } from '../support/known-gaps.ts';
import { requestPut } from '../support/presigned-puts.ts';
import { processed } from '../support/records.ts';

// The conditions of the bucket's policy, tried with this run's own credentials, which may do anything else. So only the policy refuses.

const Bucket = deployment.bucket;
/** By terraform/main.tf, signature_age_max_seconds, with the default form_lifetime_max_seconds. */
const SIGNATURE_AGE_MAX_SECONDS = 3600 + 900;
const MARGIN_SECONDS = 300;

let count = 0;
function newKey(): string {
  count += 1;
  return `uploads/on-aws-${Date.now()}-${count}`;
}

async function isRefused(t: Test, status: number, what: string): Promise<void> {
  if (deployment.knownGaps.has('bucket-policy'))
    t.ok(status < 300, `${what}: known: ${KNOWN_GAPS['bucket-policy']}: ${status}`);
  else t.equal(status, 403, what);
}

/** A form as the url-issuer signs it, of a chosen age. */
async function signedForm(ageSeconds: number) {
  const issuedAt = new Date(Date.now() - ageSeconds * 1000);
  const sign = createFormSigner({ client: s3, bucket: Bucket });
  return await sign({
    key: newKey(),
    issuedAt,
    expiresAt: new Date(Date.now() + 600_000),
    constraints: { method: 'post', minBytes: 0, maxBytes: 1000 },
    metadata: {},
    identity: await s3.config.credentials(),
  });
}

t.test('S3 takes a form of the url-issuer under the policy’s conditions on POST', async (t) => {
  const form = await requestForm();
  t.match(await postForm(form, 'a form'), { status: 204 });
  t.match(await processed(form.key), { state: 'PROCESSED' });
});

t.test(
  's3:signatureAge of a form: one that is too old is refused, whatever it says of its end',
  async (t) => {
    t.equal(
      (await postForm(await signedForm(SIGNATURE_AGE_MAX_SECONDS - MARGIN_SECONDS), 'young')).status,
      204,
    );
    const old = await signedForm(SIGNATURE_AGE_MAX_SECONDS + MARGIN_SECONDS);
    await isRefused(t, (await postForm(old, 'old')).status, 'an old signature');
  },
);

t.test('a form with signature version 2 is refused', async (t) => {
  const { url } = await signedForm(0);
  const { accessKeyId, secretAccessKey, sessionToken } = await s3.config.credentials();
  const key = newKey();
  const token = sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken };
  const conditions = Object.entries({ bucket: Bucket, key, ...token }).map(([name, value]) => ({
    [name]: value,
  }));
  const expiration = new Date(Date.now() + 600_000).toISOString();
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64');
  const signature = createHmac('sha1', secretAccessKey).update(policy).digest('base64');
  const form = { url, fields: { key, AWSAccessKeyId: accessKeyId, ...token, policy, signature } };
  const { status } = await postForm(form, 'the old way');
  // A region that opened after 2014 knows no version 2: it responds with 400.
  if (status === 400) t.equal(status, 400, 'the region has no signature version 2');
  else await isRefused(t, status, 'signature version 2');
});

t.test('an upload with neither form nor URL is refused', async (t) => {
  const { $metadata } = await s3
    .send(new PutObjectCommand({ Bucket, Key: newKey(), Body: 'by header' }))
    .catch((error: { $metadata: { httpStatusCode?: number } }) => error);
  await isRefused(t, $metadata.httpStatusCode ?? 0, 's3:authType');
});

t.test('a presigned PUT is taken once, and without If-None-Match never', async (t) => {
  const content = 'once';
  const put = await requestPut(content.length);
  const send = () => fetch(put.url, { method: 'PUT', headers: put.headers, body: content });
  const [first, second] = [await send(), await send()];
  t.equal(first.status, 200);
  t.equal(second.status, 412);
  await Promise.all([first.body?.cancel(), second.body?.cancel()]);
  const unconditional = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: newKey() }), {
    expiresIn: 300,
  });
  const response = await fetch(unconditional, { method: 'PUT', body: content });
  await response.body?.cancel();
  await isRefused(t, response.status, 's3:if-none-match');
});

t.test('under accepted/, only the acceptor writes', async (t) => {
  const { $metadata } = await s3
    .send(new PutObjectCommand({ Bucket, Key: `accepted/on-aws-${Date.now()}`, Body: 'by the operator' }))
    .catch((error: { $metadata: { httpStatusCode?: number } }) => error);
  await isRefused(t, $metadata.httpStatusCode ?? 0, 'aws:PrincipalArn');
});
