import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { FORM_TYPE, fieldParts, formBody, type Part } from './support/form-body.ts';
import { BUCKET, startFormBucket } from './support/form-bucket.ts';
import { amzDate, basicConditions, type FormOrder, signForm } from './support/signed-form.ts';

const KEY = 'uploads/once';
const FILE: Part = { name: 'file', fileName: 'a.txt', content: 'hello' };
const SHA256 = createHash('sha256').update('hello').digest('base64');

const bucket = await startFormBucket(t);
const inAMinute = () => new Date(Date.now() + 60_000).toISOString();

interface Case {
  /** Status and code. */
  readonly refused: string;
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
}: Omit<Case, 'refused'>): Part[] {
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

const CASES: Record<string, Case> = {
  'an expired policy': {
    document: (document) => ({ ...document, expiration: new Date(Date.now() - 1000).toISOString() }),
    refused: '403 AccessDenied',
    message: /^Invalid according to Policy: Policy expired\.$/,
  },
  'a policy without expiration': { document: without('expiration'), refused: '400 InvalidPolicyDocument' },
  'a policy without conditions': { document: without('conditions'), refused: '400 InvalidPolicyDocument' },
  'a changed key': {
    fields: { key: 'uploads/another' },
    refused: '403 AccessDenied',
    message: /Policy Condition failed: \["eq", "\$key", "uploads\/once"\]/,
  },
  'a bad signature': { sign: { secretAccessKey: 'another' }, refused: '403 SignatureDoesNotMatch' },
  'a policy changed after it was signed': {
    fields: {
      policy: Buffer.from(JSON.stringify({ expiration: inAMinute(), conditions: [] })).toString('base64'),
    },
    refused: '403 SignatureDoesNotMatch',
  },
  'a signature cut short': { fields: { 'x-amz-signature': 'ab' }, refused: '403 SignatureDoesNotMatch' },
  'an unknown access key': { sign: { accessKeyId: 'SOMEONEELSE' }, refused: '403 InvalidAccessKeyId' },
  'an unsigned form': {
    fields: {
      policy: undefined,
      'x-amz-algorithm': undefined,
      'x-amz-credential': undefined,
      'x-amz-date': undefined,
      'x-amz-signature': undefined,
    },
    refused: '403 AccessDenied',
  },
  'a form without its signature': {
    fields: { 'x-amz-signature': undefined },
    refused: '400 InvalidArgument',
    message: /'x-amz-signature'/,
  },
  'a form without its policy': {
    fields: { policy: undefined },
    refused: '400 InvalidArgument',
    message: /'policy'/,
  },
  'a form signed in the old way': {
    fields: { AWSAccessKeyId: 'A', signature: 'b' },
    refused: '400 InvalidRequest',
    message: /AWS4-HMAC-SHA256/,
  },
  'another algorithm': { fields: { 'x-amz-algorithm': 'AWS4-HMAC-SHA1' }, refused: '400 InvalidArgument' },
  'a credential of another form': {
    fields: { 'x-amz-credential': 'LOCALAWSEXAMPLEKEYID' },
    refused: '400 InvalidArgument',
  },
  'another region': {
    sign: { region: 'eu-west-1' },
    refused: '400 AuthorizationHeaderMalformed',
    message: /'eu-west-1' is wrong; expecting 'us-east-1'/,
  },
  'a session token that the key does not have': {
    fields: { 'x-amz-security-token': 'token' },
    conditions: [{ 'x-amz-security-token': 'token' }],
    refused: '400 InvalidToken',
  },
  'an undeclared field': {
    fields: { 'x-amz-meta-more': '1' },
    refused: '403 AccessDenied',
    message: /Extra input fields: x-amz-meta-more/,
  },
  'a missing field': {
    conditions: [{ 'x-amz-meta-tag': 'blue' }],
    refused: '403 AccessDenied',
    message: /Policy Condition failed: \["eq", "\$x-amz-meta-tag", "blue"\]/,
  },
  'a form without a key': { fields: { key: undefined }, refused: '400 InvalidArgument', message: /'key'/ },
  'a file that is too small': {
    conditions: [['content-length-range', 6, 10]],
    refused: '400 EntityTooSmall',
  },
  'a file that is too large': { conditions: [['content-length-range', 1, 4]], refused: '400 EntityTooLarge' },
  'a wrong Content-Type': {
    conditions: [{ 'Content-Type': 'image/png' }],
    fields: { 'Content-Type': 'text/html' },
    refused: '403 AccessDenied',
    message: /Policy Condition failed: \["eq", "\$Content-Type", "image\/png"\]/,
  },
  'a wrong checksum': {
    conditions: [['starts-with', '$x-amz-checksum-sha256', '']],
    fields: { 'x-amz-checksum-sha256': createHash('sha256').update('other').digest('base64') },
    refused: '400 BadDigest',
  },
  'a checksum that the policy does not allow': {
    conditions: [{ 'x-amz-checksum-sha256': createHash('sha256').update('other').digest('base64') }],
    fields: { 'x-amz-checksum-sha256': SHA256 },
    refused: '403 AccessDenied',
  },
  'a wrong Content-MD5': {
    conditions: [['starts-with', '$Content-MD5', '']],
    fields: { 'Content-MD5': createHash('md5').update('other').digest('base64') },
    refused: '400 BadDigest',
  },
  'an invalid Content-MD5': {
    conditions: [['starts-with', '$Content-MD5', '']],
    fields: { 'Content-MD5': 'abc' },
    refused: '400 InvalidDigest',
  },
  'an invalid checksum': {
    conditions: [['starts-with', '$x-amz-checksum-crc32', '']],
    fields: { 'x-amz-checksum-crc32': SHA256 },
    refused: '400 InvalidRequest',
  },
  'two checksums': {
    conditions: [
      ['starts-with', '$x-amz-checksum-crc32', ''],
      ['starts-with', '$x-amz-checksum-sha256', ''],
    ],
    fields: { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-sha256': SHA256 },
    refused: '400 InvalidRequest',
  },
  'a policy that is not base64': {
    document: (document) => JSON.stringify(document),
    refused: '400 InvalidPolicyDocument',
  },
  'a bad date in the policy': {
    document: (document) => ({ ...document, expiration: 'in a minute' }),
    refused: '400 InvalidPolicyDocument',
    message: /Invalid 'expiration' value: 'in a minute'/,
  },
  'a bad x-amz-date': {
    fields: { 'x-amz-date': new Date().toISOString() },
    refused: '400 InvalidArgument',
    message: /x-amz-date/,
  },
  'an x-amz-date of another day than the credential': {
    fields: { 'x-amz-date': amzDate(new Date(Date.now() + 3 * 86_400_000)) },
    refused: '400 InvalidArgument',
  },
  'no file': {
    file: [],
    refused: '400 InvalidArgument',
    message: /^POST requires exactly one file upload per request\.$/,
  },
  'a key that comes after the file': {
    fields: { key: undefined },
    file: [FILE, { name: 'key', content: KEY }],
    refused: '400 InvalidArgument',
    message: /check the order of the fields/,
  },
  'the wrong bucket': {
    document: (document) => ({
      ...document,
      conditions: [{ bucket: 'another' }, ...basicConditions(BUCKET).slice(1), { key: KEY }],
    }),
    refused: '403 AccessDenied',
    message: /Policy Condition failed: \["eq", "\$bucket", "another"\]/,
  },
  'a policy that names no bucket': {
    document: (document) => ({
      ...document,
      conditions: [...basicConditions(BUCKET).slice(1), { key: KEY }],
    }),
    refused: '403 AccessDenied',
    message: /Extra input fields: bucket/,
  },
  'a bucket that does not exist': { url: bucket.url.replace(BUCKET, 'nowhere'), refused: '404 NoSuchBucket' },
  'the same field twice': {
    file: [{ name: 'KEY', content: 'uploads/another' }, FILE],
    refused: '400 InvalidArgument',
  },
  'fields of more than 20 KB': {
    fields: { 'x-ignore-much': 'x'.repeat(20_481) },
    refused: '400 MaxPostPreDataLengthExceeded',
  },
  'many fields of more than 20 KB': {
    fields: Object.fromEntries(
      [...'abcdefghijklmnopqrstu'].map((one) => [`x-ignore-${one}`, 'x'.repeat(1000)]),
    ),
    refused: '400 MaxPostPreDataLengthExceeded',
  },
  'many empty fields, whose boundaries and headers are more than 20 KB': {
    fields: Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`x-ignore-${at}`, ''])),
    refused: '400 MaxPostPreDataLengthExceeded',
  },
  'metadata with the variable filename, which is replaced before the policy is held against it,': {
    conditions: [{ 'x-amz-meta-name': '\u0024{filename}' }],
    fields: { 'x-amz-meta-name': '\u0024{filename}' },
    refused: '403 AccessDenied',
    message: /Policy Condition failed: \["eq", "\$x-amz-meta-name", "\$\{filename\}"\]/,
  },
  'a key of more than 1,024 bytes': {
    document: (document) => ({
      ...document,
      conditions: [...basicConditions(BUCKET), ['starts-with', '$key', '']],
    }),
    fields: { key: 'é'.repeat(513) },
    refused: '400 KeyTooLongError',
  },
  'an ACL that gives the object away': {
    conditions: [{ acl: 'public-read' }],
    fields: { acl: 'public-read' },
    refused: '400 AccessControlListNotSupported',
  },
  'an encryption that is not offered': {
    conditions: [{ 'x-amz-server-side-encryption': 'aws:kms' }],
    fields: { 'x-amz-server-side-encryption': 'aws:kms' },
    refused: '501 NotImplemented',
    message: /x-amz-server-side-encryption/,
  },
  'metadata that would begin another header': {
    conditions: [['starts-with', '$x-amz-meta-note', '']],
    fields: { 'x-amz-meta-note': 'a\r\nx-evil: 1' },
    refused: '400 InvalidArgument',
  },
  'metadata whose name is no name of a header': {
    conditions: [['starts-with', '$x-amz-meta-a b', '']],
    fields: { 'x-amz-meta-a b': '1' },
    refused: '400 InvalidArgument',
  },
  'tags that are no XML': {
    conditions: [['starts-with', '$tagging', '']],
    fields: { tagging: '<Tagging>' },
    refused: '400 MalformedXML',
  },
};

/** An error of S3 with this status and code, and nothing left. */
async function assertRefused(t: Test, response: Response, refused: string, message = /./): Promise<void> {
  const xml = await response.text();
  t.equal(`${response.status} ${/<Code>(.*)<\/Code>/.exec(xml)?.[1]}`, refused);
  const shown = /<Message>(.*)<\/Message>/s.exec(xml)?.[1] ?? '';
  t.match(shown.replaceAll('&quot;', '"').replaceAll('&apos;', "'"), message);
  t.same(await bucket.versions(), []);
  t.same(bucket.events(), []);
  t.equal(await bucket.dataFiles(), 0);
}

for (const [name, one] of Object.entries(CASES)) {
  t.test(`${name} is refused with ${one.refused}, and leaves no object and no event`, async (t) =>
    assertRefused(t, await bucket.post(partsOf(one), one.url), one.refused, one.message),
  );
}

const good = partsOf({});

t.test('a form without a Content-Length is refused, and leaves no object and no event', async (t) => {
  const response = await fetch(bucket.url, {
    method: 'POST',
    headers: { 'content-type': FORM_TYPE },
    body: new Blob([formBody(good)]).stream(),
    duplex: 'half',
  });
  await assertRefused(t, response, '411 MissingContentLength');
});

t.test('the form that the others are changed from is accepted', async (t) => {
  const response = await bucket.post(good);
  t.equal(response.status, 204);
  t.equal((await bucket.versions()).length, 1);
  t.equal(bucket.events().length, 1);
});
