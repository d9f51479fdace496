import t from 'tap';
import { evaluate, type PolicyStatement } from './policy/evaluate-policies.ts';

// The decisions of the policy simulation, which stand for AWS's decisions. The rules and their examples: IAM User Guide, "Policy evaluation
// logic" and "IAM JSON policy elements: Condition operators".

const READ = { action: 's3:GetObject', resource: 'arn:aws:s3:::files/uploads/a', context: {} };

function isAllowed(
  statements: readonly Partial<PolicyStatement>[],
  call: Partial<typeof READ> & { context?: Record<string, string | string[]> } = {},
): boolean {
  const identity = statements.map((statement) => ({
    Effect: 'Allow',
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::files/uploads/*',
    ...statement,
  }));
  return evaluate({ ...READ, ...call }, { identity, resource: [] }).isAllowed;
}

t.test('what nothing allows is denied, and a Deny is above every Allow', async (t) => {
  t.equal(isAllowed([]), false);
  t.equal(isAllowed([{}]), true);
  t.equal(isAllowed([{}, { Effect: 'Deny' }]), false);
  const ofBucket = [{ Sid: 'No', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }];
  const ofRole = [{ Effect: 'Allow', Action: '*', Resource: '*' }];
  t.strictSame(evaluate(READ, { identity: ofRole, resource: ofBucket }), {
    isAllowed: false,
    because: ['No'],
  });
});

t.test(
  'actions match without regard to case, resources with it; * and ? are wildcards, nothing else is',
  async (t) => {
    t.equal(isAllowed([{ Action: ['s3:PutObject', 'S3:get*'] }]), true);
    t.equal(isAllowed([{ Action: 's3:GetObjectVersion' }]), false);
    t.equal(isAllowed([{ Resource: 'arn:aws:s3:::files/uploads/?' }]), true);
    t.equal(isAllowed([{ Resource: 'arn:aws:s3:::FILES/uploads/*' }]), false);
    t.equal(isAllowed([{ Resource: 'arn:aws:s3:::files/upload./*' }]), false);
    t.equal(isAllowed([{}], { resource: 'arn:aws:s3:::files/uploads' }), false);
  },
);

t.test('NotAction and NotResource match what their patterns do not', async (t) => {
  const deny = { Effect: 'Deny', Action: undefined, NotAction: ['s3:Get*'] } as unknown as PolicyStatement;
  t.equal(isAllowed([{ Action: '*' }, deny]), true);
  t.equal(isAllowed([{ Action: '*' }, deny], { action: 's3:PutObject' }), false);
  const elsewhere = {
    Effect: 'Deny',
    Action: '*',
    Resource: undefined,
    NotResource: 'arn:aws:s3:::files/uploads/*',
  };
  const everything = { Action: '*', Resource: '*' };
  t.equal(isAllowed([everything, elsewhere as unknown as PolicyStatement]), true);
  t.equal(
    isAllowed([everything, elsewhere as unknown as PolicyStatement], {
      resource: 'arn:aws:s3:::files/other',
    }),
    false,
  );
});

const conditions: [
  Record<string, Record<string, string | string[]>>,
  Record<string, string | string[]>,
  boolean,
][] = [
  [{ StringEquals: { 's3:authType': ['POST', 'X'] } }, { 'S3:AuthType': 'POST' }, true],
  [{ StringEquals: { 's3:authType': 'POST' } }, { 's3:authType': 'post' }, false],
  [{ StringEquals: { 's3:authType': 'POST' } }, {}, false],
  [{ StringNotEquals: { 's3:authType': 'POST' } }, {}, true],
  [{ StringNotEquals: { 's3:authType': ['POST', 'X'] } }, { 's3:authType': 'X' }, false],
  [{ StringLike: { 's3:prefix': 'uploads/*' } }, { 's3:prefix': 'uploads/a' }, true],
  [{ StringLike: { 's3:prefix': 'uploads/*' } }, {}, false],
  [{ StringLikeIfExists: { 's3:prefix': 'uploads/*' } }, {}, true],
  [{ StringLikeIfExists: { 's3:prefix': 'uploads/*' } }, { 's3:prefix': 'accepted/' }, false],
  [{ ArnNotEquals: { 'aws:PrincipalArn': 'arn:a' } }, { 'aws:PrincipalArn': 'arn:b' }, true],
  [{ ArnNotEquals: { 'aws:PrincipalArn': 'arn:a' } }, { 'aws:PrincipalArn': 'arn:a' }, false],
  [{ Bool: { 'aws:SecureTransport': 'false' } }, { 'aws:SecureTransport': 'true' }, false],
  [{ NumericGreaterThan: { 's3:signatureAge': '900' } }, { 's3:signatureAge': '1000' }, true],
  [{ NumericGreaterThan: { 's3:signatureAge': '900' } }, { 's3:signatureAge': '900' }, false],
  [{ Null: { 's3:if-none-match': 'true' } }, {}, true],
  [{ Null: { 's3:if-none-match': 'true' } }, { 's3:if-none-match': '*' }, false],
  [{ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'a#*' } }, {}, true],
  [
    { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'a#*' } },
    { 'dynamodb:LeadingKeys': ['a#1', 'b#1'] },
    false,
  ],
  [
    { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'a#*' } },
    { 'dynamodb:LeadingKeys': ['a#1', 'a#2'] },
    true,
  ],
  [{ 'ForAllValues:StringEquals': { x: ['a', 'b'] } }, { x: ['b', 'a'] }, true],
  [{ 'ForAllValues:StringEquals': { x: ['a', 'b'] } }, { x: ['a', 'c'] }, false],
  [{ StringEquals: { a: '1' }, Bool: { b: 'true' } }, { a: '1', b: 'false' }, false],
];

t.test('a condition is met as AWS says, a missing key included', async (t) => {
  for (const [Condition, context, expected] of conditions) {
    const said = `${JSON.stringify(Condition)} of ${JSON.stringify(context)}`;
    t.equal(isAllowed([{ Condition }], { context }), expected, said);
  }
});

t.test('what is not known throws, rather than being taken for met', async (t) => {
  t.throws(() => isAllowed([{ Condition: { DateLessThan: { a: '1' } } }]), /DateLessThan/);
  t.throws(() => isAllowed([{ NotPrincipal: '*' } as Partial<PolicyStatement>]), /NotPrincipal/);
  const forOne = [{ Effect: 'Deny', Principal: { AWS: 'arn:x' }, Action: '*', Resource: '*' }];
  t.throws(() => evaluate(READ, { identity: [], resource: forOne }), /arn:x/);
});
