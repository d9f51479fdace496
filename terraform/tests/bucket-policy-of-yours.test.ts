import t from 'tap';
import { evaluate, type PolicyStatement } from './policy/evaluate-policies.ts';
import { startSharedProvider } from './support/shared-provider.ts';
import { mockInstallation } from './wiring/mocked-installation.ts';

// Statements of a user's own (storage.policy_json) beside those of upload-once: what these deny stays denied, whatever the others allow.

const BUCKET = 'arn:aws:s3:::mock';
const STRANGER = {
  'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/stranger',
  'aws:SecureTransport': 'true',
};
/** A signed request of today, as an SDK sends it. */
const SIGNED = {
  's3:authType': 'REST-HEADER',
  's3:signatureversion': 'AWS4-HMAC-SHA256',
  's3:signatureAge': '0',
};

const provider = await startSharedProvider();
t.teardown(() => provider.stop());
const all = { Sid: 'Yours', Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: `${BUCKET}/*` };
const installation = await mockInstallation(
  'bucket-policy-of-yours',
  {
    image_tag: '1.0.0',
    storage: { policy_json: JSON.stringify({ Version: '2012-10-17', Statement: [all] }) },
  },
  provider,
);
const resource = installation.at('module.storage.aws_s3_bucket_policy.this', 'policy', 'Statement');

const decide = (action: string, key: string, context: Readonly<Record<string, string>> = {}) =>
  evaluate(
    { action, resource: `${BUCKET}/${key}`, context: { ...STRANGER, ...SIGNED, ...context } },
    { identity: [], resource: resource as readonly PolicyStatement[] },
  );

t.test('what upload-once denies stays denied', async (t) => {
  for (const [action, key, sid, context] of [
    ['s3:PutObject', 'accepted/a', 'AcceptedOnlyByAcceptor', {}],
    ['s3:PutObject', 'uploads/a', 'UploadsOnlyByForm', {}],
    ['s3:ReplicateObject', 'uploads/a', 'UploadsNotByReplication', {}],
    ['s3:DeleteObject', 'uploads/a', 'UploadsNeverCovered', {}],
    ['s3:DeleteObjectVersion', 'uploads/a', 'UploadsRemovedOnlyByAcceptor', {}],
    ['s3:GetObject', 'accepted/a', 'OnlyTls', { 'aws:SecureTransport': 'false' }],
  ] as const) {
    t.match(decide(action, key, context), { isAllowed: false, because: [sid] }, `${action} ${key}`);
  }
});

t.test('what upload-once does not deny is as the user’s statements say', async (t) => {
  for (const [action, key] of [
    ['s3:GetObject', 'accepted/a'],
    ['s3:PutObject', 'exports/a'],
  ] as const) {
    t.strictSame(decide(action, key), { isAllowed: true, because: ['Yours'] }, `${action} ${key}`);
  }
});
