import { createHash } from 'node:crypto';
import t from 'tap';
import { FORM_TYPE, fieldParts, formBody, type Part } from './support/form-body.ts';
import { BUCKET, startFormBucket } from './support/form-bucket.ts';
import { amzDate, basicConditions, type FormOrder, signForm } from './support/signed-form.ts';

const KEY = 'uploads/once';
const FILE: Part = { name: 'file', fileName: 'a.txt', content: 'hello' };
const SHA256 = createHash('sha256').update('hello').digest('base64');

const bucket = await startFormBucket(t);
const inAMinute = () => new Date(Date.now() + 60_000).toISOString();

interface Case {
  readonly name: string;
  readonly status: number;
  readonly code: string;
  readonly message?: RegExp;
  /** Beside those that every form has; `{expiration: …}` and the like replace parts of the document. */
  readonly conditions?: unknown[];
  readonly document?: (document: Record<string, unknown>) => object | string;
  readonly sign?: Partial<FormOrder>;
  /** Added to the form, or replacing what is there; undefined takes a field away. */
  readonly fields?: Record<string, string | undefined>;
  readonly file?: Part[];
  readonly url?: string;
}

function partsOf({
  conditions = [],
  document = (same) => same,
  sign = {},
  fields = {},
  file = [FILE],
}: Case): Part[] {
  const policy = document({
    expiration: inAMinute(),
    conditions: [...basicConditions(BUCKET), { key: KEY }, ...conditions],
  });
  const form: Record<string, string | undefined> = { key: KEY, ...signForm({ policy, ...sign }), ...fields };
  const given = Object.entries(form).filter((field): field is [string, string] => field[1] !== undefined);
  return [...fieldParts(Object.fromEntries(given)), ...file];
}

const without = (name: string) => (document: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(document).filter(([property]) => property !== name));

const cases: Case[] = [
  {
    name: 'an expired policy',
    document: (document) => ({ ...document, expiration: new Date(Date.now() - 1000).toISOString() }),
    status: 403,
    code: 'AccessDenied',
    message: /^Invalid according to Policy: Policy expired\.$/,
  },
  {
    name: 'a policy without expiration',
    document: without('expiration'),
    status: 400,
    code: 'InvalidPolicyDocument',
  },
  {
    name: 'a policy without conditions',
    document: without('conditions'),
    status: 400,
    code: 'InvalidPolicyDocument',
  },
  {
    name: 'a changed key',
    fields: { key: 'uploads/another' },
    status: 403,
    code: 'AccessDenied',
    message: /Policy Condition failed: \["eq", "\$key", "uploads\/once"\]/,
  },
  {
    name: 'a bad signature',
    sign: { secretAccessKey: 'another' },
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'a policy changed after it was signed',
    fields: {
      policy: Buffer.from(JSON.stringify({ expiration: inAMinute(), conditions: [] })).toString('base64'),
    },
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'a signature cut short',
    fields: { 'x-amz-signature': 'ab' },
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'an unknown access key',
    sign: { accessKeyId: 'SOMEONEELSE' },
    status: 403,
    code: 'InvalidAccessKeyId',
  },
  {
    name: 'an unsigned form',
    fields: {
      policy: undefined,
      'x-amz-algorithm': undefined,
      'x-amz-credential': undefined,
      'x-amz-date': undefined,
      'x-amz-signature': undefined,
    },
    status: 403,
    code: 'AccessDenied',
  },
  {
    name: 'a form without its signature',
    fields: { 'x-amz-signature': undefined },
    status: 400,
    code: 'InvalidArgument',
    message: /'x-amz-signature'/,
  },
  {
    name: 'a form without its policy',
    fields: { policy: undefined },
    status: 400,
    code: 'InvalidArgument',
    message: /'policy'/,
  },
  {
    name: 'a form signed in the old way',
    fields: { AWSAccessKeyId: 'A', signature: 'b' },
    status: 400,
    code: 'InvalidRequest',
    message: /AWS4-HMAC-SHA256/,
  },
  {
    name: 'another algorithm',
    fields: { 'x-amz-algorithm': 'AWS4-HMAC-SHA1' },
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'a credential of another form',
    fields: { 'x-amz-credential': 'LOCALAWSEXAMPLEKEYID' },
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'another region',
    sign: { region: 'eu-west-1' },
    status: 400,
    code: 'AuthorizationHeaderMalformed',
    message: /'eu-west-1' is wrong; expecting 'us-east-1'/,
  },
  {
    name: 'a session token that the key does not have',
    fields: { 'x-amz-security-token': 'token' },
    conditions: [{ 'x-amz-security-token': 'token' }],
    status: 400,
    code: 'InvalidToken',
  },
  {
    name: 'an undeclared field',
    fields: { 'x-amz-meta-more': '1' },
    status: 403,
    code: 'AccessDenied',
    message: /Extra input fields: x-amz-meta-more/,
  },
  {
    name: 'a missing field',
    conditions: [{ 'x-amz-meta-tag': 'blue' }],
    status: 403,
    code: 'AccessDenied',
    message: /Policy Condition failed: \["eq", "\$x-amz-meta-tag", "blue"\]/,
  },
  {
    name: 'a form without a key',
    fields: { key: undefined },
    status: 400,
    code: 'InvalidArgument',
    message: /'key'/,
  },
  {
    name: 'a file that is too small',
    conditions: [['content-length-range', 6, 10]],
    status: 400,
    code: 'EntityTooSmall',
  },
  {
    name: 'a file that is too large',
    conditions: [['content-length-range', 1, 4]],
    status: 400,
    code: 'EntityTooLarge',
  },
  {
    name: 'a wrong Content-Type',
    conditions: [{ 'Content-Type': 'image/png' }],
    fields: { 'Content-Type': 'text/html' },
    status: 403,
    code: 'AccessDenied',
    message: /Policy Condition failed: \["eq", "\$Content-Type", "image\/png"\]/,
  },
  {
    name: 'a wrong checksum',
    conditions: [['starts-with', '$x-amz-checksum-sha256', '']],
    fields: { 'x-amz-checksum-sha256': createHash('sha256').update('other').digest('base64') },
    status: 400,
    code: 'BadDigest',
  },
  {
    name: 'a checksum that the policy does not allow',
    conditions: [{ 'x-amz-checksum-sha256': createHash('sha256').update('other').digest('base64') }],
    fields: { 'x-amz-checksum-sha256': SHA256 },
    status: 403,
    code: 'AccessDenied',
  },
  {
    name: 'a wrong Content-MD5',
    conditions: [['starts-with', '$Content-MD5', '']],
    fields: { 'Content-MD5': createHash('md5').update('other').digest('base64') },
    status: 400,
    code: 'BadDigest',
  },
  {
    name: 'an invalid Content-MD5',
    conditions: [['starts-with', '$Content-MD5', '']],
    fields: { 'Content-MD5': 'abc' },
    status: 400,
    code: 'InvalidDigest',
  },
  {
    name: 'an invalid checksum',
    conditions: [['starts-with', '$x-amz-checksum-crc32', '']],
    fields: { 'x-amz-checksum-crc32': SHA256 },
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'two checksums',
    conditions: [
      ['starts-with', '$x-amz-checksum-crc32', ''],
      ['starts-with', '$x-amz-checksum-sha256', ''],
    ],
    fields: { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-sha256': SHA256 },
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'a policy that is not base64',
    document: (document) => JSON.stringify(document),
    status: 400,
    code: 'InvalidPolicyDocument',
  },
  {
    name: 'a bad date in the policy',
    document: (document) => ({ ...document, expiration: 'in a minute' }),
    status: 400,
    code: 'InvalidPolicyDocument',
    message: /Invalid 'expiration' value: 'in a minute'/,
  },
  {
    name: 'a bad x-amz-date',
    fields: { 'x-amz-date': new Date().toISOString() },
    status: 400,
    code: 'InvalidArgument',
    message: /x-amz-date/,
  },
  {
    name: 'an x-amz-date of another day than the credential',
    fields: { 'x-amz-date': amzDate(new Date(Date.now() + 3 * 86_400_000)) },
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'no file',
    file: [],
    status: 400,
    code: 'InvalidArgument',
    message: /^POST requires exactly one file upload per request\.$/,
  },
  {
    name: 'a key that comes after the file',
    fields: { key: undefined },
    file: [FILE, { name: 'key', content: KEY }],
    status: 400,
    code: 'InvalidArgument',
    message: /check the order of the fields/,
  },
  {
    name: 'the wrong bucket',
    document: (document) => ({
      ...document,
      conditions: [{ bucket: 'another' }, ...basicConditions(BUCKET).slice(1), { key: KEY }],
    }),
    status: 403,
    code: 'AccessDenied',
    message: /Policy Condition failed: \["eq", "\$bucket", "another"\]/,
  },
  {
    name: 'a policy that names no bucket',
    document: (document) => ({
      ...document,
      conditions: [...basicConditions(BUCKET).slice(1), { key: KEY }],
    }),
    status: 403,
    code: 'AccessDenied',
    message: /Extra input fields: bucket/,
  },
  {
    name: 'a bucket that does not exist',
    url: bucket.url.replace(BUCKET, 'nowhere'),
    status: 404,
    code: 'NoSuchBucket',
  },
  {
    name: 'the same field twice',
    file: [{ name: 'KEY', content: 'uploads/another' }, FILE],
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'fields of more than 20 KB',
    fields: { 'x-ignore-much': 'x'.repeat(20_481) },
    status: 400,
    code: 'MaxPostPreDataLengthExceeded',
  },
  {
    name: 'many fields of more than 20 KB',
    fields: Object.fromEntries(
      [...'abcdefghijklmnopqrstu'].map((one) => [`x-ignore-${one}`, 'x'.repeat(1000)]),
    ),
    status: 400,
    code: 'MaxPostPreDataLengthExceeded',
  },
  {
    name: 'many empty fields, whose boundaries and headers are more than 20 KB',
    fields: Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`x-ignore-${at}`, ''])),
    status: 400,
    code: 'MaxPostPreDataLengthExceeded',
  },
  {
    name: 'metadata with the variable filename, which is replaced before the policy is held against it,',
    conditions: [{ 'x-amz-meta-name': '\u0024{filename}' }],
    fields: { 'x-amz-meta-name': '\u0024{filename}' },
    status: 403,
    code: 'AccessDenied',
    message: /Policy Condition failed: \["eq", "\$x-amz-meta-name", "\$\{filename\}"\]/,
  },
  {
    name: 'a key of more than 1,024 bytes',
    document: (document) => ({
      ...document,
      conditions: [...basicConditions(BUCKET), ['starts-with', '$key', '']],
    }),
    fields: { key: 'é'.repeat(513) },
    status: 400,
    code: 'KeyTooLongError',
  },
  {
    name: 'an ACL that gives the object away',
    conditions: [{ acl: 'public-read' }],
    fields: { acl: 'public-read' },
    status: 400,
    code: 'AccessControlListNotSupported',
  },
  {
    name: 'an encryption that is not offered',
    conditions: [{ 'x-amz-server-side-encryption': 'aws:kms' }],
    fields: { 'x-amz-server-side-encryption': 'aws:kms' },
    status: 501,
    code: 'NotImplemented',
    message: /x-amz-server-side-encryption/,
  },
  {
    name: 'metadata that would begin another header',
    conditions: [['starts-with', '$x-amz-meta-note', '']],
    fields: { 'x-amz-meta-note': 'a\r\nx-evil: 1' },
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'metadata whose name is no name of a header',
    conditions: [['starts-with', '$x-amz-meta-a b', '']],
    fields: { 'x-amz-meta-a b': '1' },
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'tags that are no XML',
    conditions: [['starts-with', '$tagging', '']],
    fields: { tagging: '<Tagging>' },
    status: 400,
    code: 'MalformedXML',
  },
];

for (const one of cases) {
  t.test(`${one.name} is refused with ${one.code}, and leaves no object and no event`, async (t) => {
    const response = await bucket.post(partsOf(one), one.url);
    const xml = await response.text();
    t.equal(response.status, one.status);
    t.match(xml, new RegExp(`<Code>${one.code}</Code>`));
    const message = /<Message>(.*)<\/Message>/s.exec(xml)?.[1] ?? '';
    t.match(message.replaceAll('&quot;', '"').replaceAll('&apos;', "'"), one.message ?? /./);
    t.same(await bucket.versions(), []);
    t.same(bucket.events(), []);
    t.equal(await bucket.dataFiles(), 0);
  });
}

t.test(
  'a form without a Content-Length is refused with MissingContentLength, and leaves no object and no event',
  async (t) => {
    const whole = formBody(partsOf({ name: 'good', status: 204, code: '' }));
    const response = await fetch(bucket.url, {
      method: 'POST',
      headers: { 'content-type': FORM_TYPE },
      body: new Blob([whole]).stream(),
      duplex: 'half',
    });
    t.equal(response.status, 411);
    t.match(await response.text(), /<Code>MissingContentLength<\/Code>/);
    t.same(await bucket.versions(), []);
    t.same(bucket.events(), []);
    t.equal(await bucket.dataFiles(), 0);
  },
);

t.test('the form that the others are changed from is accepted', async (t) => {
  const response = await bucket.post(partsOf({ name: 'good', status: 204, code: '' }));
  t.equal(response.status, 204);
  t.equal((await bucket.versions()).length, 1);
  t.equal(bucket.events().length, 1);
});
