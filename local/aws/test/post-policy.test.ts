import t from 'tap';
import { checkPostPolicy, parsePostPolicy } from '../src/form/post-policy.ts';

const STARTED_AT = new Date('2030-01-01T00:00:00Z');
const LATER = '2030-01-01T00:00:30Z';

function encode(document: unknown): string {
  return Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)).toString('base64');
}

function check(conditions: unknown[], fields: Record<string, string>, startedAt = STARTED_AT): void {
  const policy = parsePostPolicy(encode({ expiration: LATER, conditions }));
  checkPostPolicy(policy, new Map(Object.entries(fields)), startedAt);
}

const refusal = (message: string) => ({ code: 'AccessDenied', status: 403, message });
const invalid = (message: string | RegExp) => ({ code: 'InvalidPolicyDocument', status: 400, message });

t.test('a field must be what an exact condition says, in either spelling', async (t) => {
  t.doesNotThrow(() => check([{ acl: 'private' }, ['eq', '$key', 'a']], { acl: 'private', key: 'a' }));
  t.throws(
    () => check([{ acl: 'private' }], { acl: 'public-read' }),
    refusal('Invalid according to Policy: Policy Condition failed: ["eq", "$acl", "private"]'),
  );
  t.throws(
    () => check([['eq', '$Key', 'a']], { key: 'A' }),
    refusal('Invalid according to Policy: Policy Condition failed: ["eq", "$Key", "a"]'),
  );
});

t.test('field names match without regard to case, operations too', async (t) => {
  t.doesNotThrow(() => check([{ bUcKeT: 'b' }, ['StArTs-WiTh', '$KeY', 'a/']], { bucket: 'b', key: 'a/1' }));
});

t.test('starts-with', async (t) => {
  t.doesNotThrow(() => check([['starts-with', '$key', 'a/']], { key: 'a/' }));
  t.doesNotThrow(() => check([['starts-with', '$x-amz-meta-tag', '']], { 'x-amz-meta-tag': 'anything' }));
  t.throws(
    () => check([['starts-with', '$key', 'a/']], { key: 'b/a/' }),
    refusal('Invalid according to Policy: Policy Condition failed: ["starts-with", "$key", "a/"]'),
  );
  t.throws(
    () => check([['starts-with', '$x-amz-meta-tag', '']], {}),
    refusal('Invalid according to Policy: Policy Condition failed: ["starts-with", "$x-amz-meta-tag", ""]'),
    'a field that is missing does not even begin with nothing',
  );
});

t.test('a Content-Type with commas is a list, and each of its values is checked', async (t) => {
  const images = [['starts-with', '$Content-Type', 'image/']];
  t.doesNotThrow(() => check(images, { 'content-type': 'image/jpg,image/png,image/gif' }));
  t.throws(() => check(images, { 'content-type': 'image/jpg,text/html' }), { code: 'AccessDenied' });
  t.doesNotThrow(
    () => check([['starts-with', '$x-amz-meta-list', 'a']], { 'x-amz-meta-list': 'a,b' }),
    'no other field is a list',
  );
});

t.test('several conditions on one field must all be met', async (t) => {
  const both = [
    ['starts-with', '$key', 'a/'],
    ['starts-with', '$key', 'a/b/'],
  ];
  t.doesNotThrow(() => check(both, { key: 'a/b/c' }));
  t.throws(() => check(both, { key: 'a/c' }), { code: 'AccessDenied' });
});

t.test('every field needs a condition, but for those that the reference names', async (t) => {
  t.doesNotThrow(() =>
    check([{ key: 'a' }], { key: 'a', policy: 'p', 'x-amz-signature': 's', 'x-ignore-me': 'x' }),
  );
  t.throws(
    () => check([{ key: 'a' }], { key: 'a', 'x-amz-meta-a': '1', acl: 'private' }),
    refusal('Invalid according to Policy: Extra input fields: x-amz-meta-a, acl'),
  );
});

t.test('a policy is good up to its expiration, judged by when the request began', async (t) => {
  t.doesNotThrow(() => check([], {}, new Date('2030-01-01T00:00:30.000Z')));
  t.throws(
    () => check([], {}, new Date('2030-01-01T00:00:30.001Z')),
    refusal('Invalid according to Policy: Policy expired.'),
  );
});

t.test('size ranges are read as numbers or digits', async (t) => {
  const { sizeRanges } = parsePostPolicy(
    encode({ expiration: LATER, conditions: [['content-length-range', 1, '10']] }),
  );
  t.same(sizeRanges, [{ minBytes: 1, maxBytes: 10 }]);
});

t.test('escapes that the reference knows and JSON does not', async (t) => {
  const policy = parsePostPolicy(
    encode(`{"expiration":"${LATER}","conditions":[{"x-amz-meta-a":"\\$5\\v\\\\$6\\u00e9"}]}`),
  );
  t.equal(policy.conditions[0]?.value, '$5\u000b\\$6é');
});

t.test('a document that is no policy is refused, with what is wrong', async (t) => {
  const bad: [string, string, string | RegExp][] = [
    ['not base64', '{"a":1}', 'Invalid Policy: Invalid Base64 encoding.'],
    ['base64 that was cut', 'eyJhIjoxf', 'Invalid Policy: Invalid Base64 encoding.'],
    ['empty', '', 'Invalid Policy: Invalid Base64 encoding.'],
    ['not UTF-8', Buffer.from([0xff, 0xfe]).toString('base64'), 'Invalid Policy: Invalid UTF-8 encoding.'],
    ['not JSON', encode('{'), 'Invalid Policy: Invalid JSON.'],
    ['no object', encode('[]'), /Invalid JSON/],
    ['null', encode('null'), /Invalid JSON/],
    ['no expiration', encode({ conditions: [] }), 'Invalid Policy: Policy missing expiration.'],
    [
      'names in capitals',
      encode({ EXPIRATION: LATER, conditions: [] }),
      'Invalid Policy: Policy missing expiration.',
    ],
    ['no conditions', encode({ expiration: LATER }), 'Invalid Policy: Policy missing conditions.'],
  ];
  for (const [name, encoded, message] of bad) {
    t.throws(() => parsePostPolicy(encoded), invalid(message), name);
  }
});

t.test('an expiration that is no ISO 8601 date in GMT is refused', async (t) => {
  for (const expiration of [
    'tomorrow',
    '2030-01-01',
    '2030-01-01T00:00:00',
    '2030-01-01T00:00:00+01:00',
    '2030-02-30T00:00:00Z',
    '2030-01-01T25:00:00Z',
    'Tue, 01 Jan 2030 00:00:00 GMT',
    1893456000,
    null,
  ]) {
    t.throws(
      () => parsePostPolicy(encode({ expiration, conditions: [] })),
      invalid(`Invalid Policy: Invalid 'expiration' value: '${expiration}'`),
      String(expiration),
    );
  }
});

t.test('what can’t be written down is refused like the rest', async (t) => {
  const endless = `${'['.repeat(7_000)}${']'.repeat(7_000)}`;
  const bad: [string, string][] = [
    ['{"expiration":{"toString":""},"conditions":[]}', "Invalid 'expiration' value: '{…}'"],
    [`{"expiration":${endless},"conditions":[]}`, "Invalid 'expiration' value: '[…]'"],
    [
      `{"expiration":"${LATER}","conditions":[[${endless},"$a","b"]]}`,
      "Invalid Condition: unsupported operation '[…]'.",
    ],
  ];
  for (const [document, message] of bad) {
    t.throws(() => parsePostPolicy(encode(document)), invalid(`Invalid Policy: ${message}`), message);
  }
});

t.test('an invalid condition is rejected', async (t) => {
  const bad: unknown[] = [
    {},
    { a: '1', b: '2' },
    { a: 1 },
    null,
    'key',
    [],
    ['ends-with', '$key', 'a'],
    ['eq', '$key'],
    ['eq', 'key', 'a'],
    ['eq', '$', 'a'],
    ['eq', '$key', 1],
    ['content-length-range', 1],
    ['content-length-range', -1, 5],
    ['content-length-range', 6, 5],
    ['content-length-range', 0, 'x'],
    ['content-length-range', 0, 1, 2],
  ];
  for (const condition of bad) {
    t.throws(
      () => parsePostPolicy(encode({ expiration: LATER, conditions: [condition] })),
      { code: 'InvalidPolicyDocument', status: 400 },
      JSON.stringify(condition),
    );
  }
  t.throws(() => parsePostPolicy(encode({ expiration: LATER, conditions: {} })), invalid(/must be a List/));
});
