import t from 'tap';
import { evaluate, type PolicyStatement } from './policy/evaluate-policies.ts';
import { startSharedProvider } from './support/shared-provider.ts';
import { type MockedInstallation, mockInstallation } from './wiring/mocked-installation.ts';

// What the options of a recovery let in, and what they keep out: the policies as Terraform makes them, evaluated as AWS does.

const ACCOUNT = 'arn:aws:iam::123456789012';
const RESTORE = `${ACCOUNT}:role/restore`;
const BACKUP = `${ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole`;
const QUEUE_KEY = 'arn:aws:kms:eu-central-1:123456789012:key/queues';
const BUCKET = 'arn:aws:s3:::mock';
const ACCEPTED = `${BUCKET}/accepted/a-file`;
const EVERYTHING = [{ Sid: 'Everything', Effect: 'Allow', Action: '*', Resource: '*' }];
const SIGNED = {
  's3:authType': 'REST-HEADER',
  's3:signatureversion': 'AWS4-HMAC-SHA256',
  's3:signatureAge': '5000',
};
const ONCE = { ...SIGNED, 's3:authType': 'REST-QUERY-STRING', 's3:if-none-match': '*' };

const provider = await startSharedProvider();
t.teardown(() => provider.stop());
const [made, plain] = await Promise.all([
  mockInstallation(
    'recovery',
    {
      image_tag: '1.0.0',
      storage: {
        restore_role_arns: [RESTORE, BACKUP],
        queue_kms_key_arn: QUEUE_KEY,
        replica: { bucket_arn: 'arn:aws:s3:::copy' },
      },
      network: {
        only_from_vpc: true,
        endpoint_policies: true,
        reachable_arns: ['arn:aws:s3:::of-the-handler', 'arn:aws:s3:::of-the-handler/*'],
      },
    },
    provider,
  ),
  mockInstallation('recovery-plain', { image_tag: '1.0.0' }, provider),
]);

const statementsAt = (installation: MockedInstallation, address: string) =>
  installation.at(address, 'policy', 'Statement') as readonly PolicyStatement[];
const ofBucket = (installation: MockedInstallation) =>
  statementsAt(installation, 'module.storage.aws_s3_bucket_policy.this');

/** A call on the bucket by a principal whose own policies allow everything. */
function decide(
  by: string,
  action: string,
  resource: string,
  context: Readonly<Record<string, string>> = {},
  installation = made,
) {
  const known = { 'aws:SecureTransport': 'true', 'aws:PrincipalArn': by, ...context };
  const policies = { identity: EVERYTHING, resource: ofBucket(installation) };
  return evaluate({ action, resource, context: known }, policies);
}

t.test(
  'a role of a recovery puts files back under accepted/, with tags, in parts and by replication',
  async (t) => {
    for (const by of [RESTORE, BACKUP]) {
      for (const action of [
        'PutObject',
        'PutObjectTagging',
        'PutObjectAcl',
        'AbortMultipartUpload',
        'ReplicateObject',
      ])
        t.equal(decide(by, `s3:${action}`, ACCEPTED, SIGNED).isAllowed, true, `${by} ${action}`);
      for (const action of ['ListBucket', 'ListBucketVersions', 'GetBucketVersioning', 'GetBucketLocation'])
        t.equal(decide(by, `s3:${action}`, BUCKET).isAllowed, true, `${by} ${action}`);
      t.equal(decide(by, 's3:GetObjectVersion', ACCEPTED).isAllowed, true);
    }
  },
);

t.test('it does nothing else in the bucket, whatever its own policies allow', async (t) => {
  const elsewhere = [`${BUCKET}/uploads/a-file`, `${BUCKET}/elsewhere/a-file`];
  for (const by of [RESTORE, BACKUP]) {
    for (const resource of elsewhere) {
      for (const context of [SIGNED, ONCE, { ...SIGNED, 's3:authType': 'POST' }])
        t.strictSame(decide(by, 's3:PutObject', resource, context).isAllowed, false, `${by} ${resource}`);
      t.ok(decide(by, 's3:PutObject', resource, ONCE).because.includes('RestoreOnlyUnderAccepted'));
    }
    for (const [action, resource] of [
      ['DeleteObject', ACCEPTED],
      ['DeleteObjectVersion', ACCEPTED],
      ['PutObjectRetention', ACCEPTED],
      ['BypassGovernanceRetention', ACCEPTED],
      ['PutBucketPolicy', BUCKET],
      ['DeleteBucketPolicy', BUCKET],
      ['PutBucketVersioning', BUCKET],
      ['PutLifecycleConfiguration', BUCKET],
      ['PutBucketNotification', BUCKET],
      ['DeleteBucket', BUCKET],
    ] as const)
      t.ok(decide(by, `s3:${action}`, resource).because.includes('RestoreOnlyPutsBack'), `${by} ${action}`);
  }
});

t.test(
  'no other principal gets more than before, and without the option no role puts anything back',
  async (t) => {
    for (const [by, installation] of [
      [`${ACCOUNT}:role/administrator`, made],
      [`${ACCOUNT}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup`, made],
      [RESTORE, plain],
      [BACKUP, plain],
    ] as const)
      for (const action of ['s3:PutObject', 's3:ReplicateObject'])
        t.ok(
          decide(by, action, ACCEPTED, SIGNED, installation).because.includes('AcceptedOnlyByAcceptor'),
          `${by} ${action}`,
        );
    const acceptor = `${ACCOUNT}:role/mock`;
    t.equal(decide(acceptor, 's3:PutObject', ACCEPTED, SIGNED).isAllowed, true, 'the acceptor still copies');
    const removes = decide(acceptor, 's3:DeleteObjectVersion', `${BUCKET}/uploads/a-file`);
    t.equal(removes.isAllowed, true, 'and removes what it copied');
    t.notOk(ofBucket(plain).some(({ Sid = '' }) => Sid.startsWith('Restore')));
  },
);

t.test(
  'a backup reads what it needs, and changes no event of the bucket that the services need',
  async (t) => {
    const reader = `${ACCOUNT}:role/backup`;
    for (const action of [
      'ListBucketVersions',
      'GetBucketNotification',
      'PutBucketNotification',
      'GetBucketTagging',
    ])
      t.equal(decide(reader, `s3:${action}`, BUCKET).isAllowed, true, action);
    for (const action of ['GetObjectVersion', 'GetObjectVersionTagging', 'GetObjectVersionAcl'])
      t.equal(decide(reader, `s3:${action}`, ACCEPTED).isAllowed, true, action);
  },
);

t.test('the replication reads accepted/ alone, and writes accepted/ of the copy alone', async (t) => {
  const identity = statementsAt(made, 'module.storage.aws_iam_role_policy.replication[0]');
  const may = (action: string, resource: string) =>
    evaluate({ action: `s3:${action}`, resource, context: {} }, { identity, resource: [] }).isAllowed;
  for (const action of ['GetObjectVersionForReplication', 'GetObjectRetention', 'GetObjectLegalHold'])
    t.equal(may(action, ACCEPTED), true, action);
  t.equal(may('ReplicateObject', 'arn:aws:s3:::copy/accepted/a-file'), true);
  t.equal(may('GetObjectVersionForReplication', `${BUCKET}/uploads/a-file`), false);
  t.equal(may('ReplicateObject', 'arn:aws:s3:::copy/uploads/a-file'), false);
  t.equal(may('ReplicateDelete', 'arn:aws:s3:::copy/accepted/a-file'), false);
  t.equal(may('PutObject', ACCEPTED), false);
});

t.test('with only_from_vpc, the workers’ roles work from the VPC alone', async (t) => {
  const vpc = String(made.at('module.network.aws_vpc.this[0]', 'id'));
  const onUploads = { action: 's3:GetObjectVersion', resource: `${BUCKET}/uploads/a-file` };
  const onAccepted = { action: 's3:GetObjectVersion', resource: ACCEPTED };
  for (const [service, call] of [
    ['acceptor', onUploads],
    ['processor', onAccepted],
  ] as const) {
    const policyOf = (installation: MockedInstallation) =>
      JSON.parse((installation.output('task_policies') as Readonly<Record<string, string>>)[service] ?? '')
        .Statement as readonly PolicyStatement[];
    const decided = (installation: MockedInstallation, context: Readonly<Record<string, string>>) =>
      evaluate({ ...call, context }, { identity: policyOf(installation), resource: [] });
    t.equal(decided(made, { 'aws:SourceVpc': vpc }).isAllowed, true, service);
    t.strictSame(decided(made, { 'aws:SourceVpc': 'vpc-of-another' }).because, ['OnlyFromTheVpc'], service);
    t.strictSame(decided(made, {}).because, ['OnlyFromTheVpc'], `${service}, from the internet`);
    t.equal(decided(plain, {}).isAllowed, true, `${service}, without the option`);
  }
});

t.test(
  'with endpoint_policies, tasks reach this installation’s bucket and tables alone, and what is named',
  async (t) => {
    const policyOf = (service: string) =>
      statementsAt(made, `module.network.aws_vpc_endpoint.gateway["${service}"]`);
    const reaches = (action: string, resource: string) => {
      const [service = ''] = action.split(':');
      // An endpoint's policy allows by its own statements, beside the caller's.
      return evaluate({ action, resource, context: {} }, { identity: policyOf(service), resource: [] })
        .isAllowed;
    };
    for (const resource of [
      BUCKET,
      ACCEPTED,
      'arn:aws:s3:::of-the-handler/a',
      'arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/a',
    ])
      t.equal(reaches('s3:GetObject', resource), true, resource);
    for (const resource of ['arn:aws:s3:::of-another/a', 'arn:aws:s3:::mock-of-another/a'])
      t.equal(reaches('s3:PutObject', resource), false, resource);
    t.equal(reaches('dynamodb:GetItem', 'arn:aws:dynamodb:eu-central-1:123456789012:table/mock'), true);
    t.equal(reaches('dynamodb:PutItem', 'arn:aws:dynamodb:eu-central-1:999999999999:table/mock'), false);
    for (const service of ['s3', 'dynamodb']) {
      const policy = plain.at(`module.network.aws_vpc_endpoint.gateway["${service}"]`, 'policy');
      t.notMatch(String(policy), 'OwnResources', 'AWS’s own without the option');
    }
  },
);

t.test(
  'with a key of the user’s, the consumers use it through SQS alone, and every queue has it',
  async (t) => {
    t.strictSame(new Set(made.ofEvery('aws_sqs_queue', 'kms_master_key_id')), new Set([QUEUE_KEY]));
    t.strictSame(new Set(plain.ofEvery('aws_sqs_queue', 'sqs_managed_sse_enabled')), new Set([true]));
    const policies = made.output('task_policies') as Readonly<Record<string, string>>;
    for (const service of ['acceptor', 'processor']) {
      const identity = JSON.parse(policies[service] ?? '').Statement as readonly PolicyStatement[];
      for (const action of ['kms:Decrypt', 'kms:GenerateDataKey']) {
        const may = (service: string, resource = QUEUE_KEY) =>
          evaluate({ action, resource, context: { 'kms:ViaService': service } }, { identity, resource: [] })
            .isAllowed;
        t.equal(may('sqs.eu-central-1.amazonaws.com'), true, `${service} ${action}`);
        t.equal(may('s3.eu-central-1.amazonaws.com'), false);
        t.equal(
          may('sqs.eu-central-1.amazonaws.com', 'arn:aws:kms:eu-central-1:123456789012:key/other'),
          false,
        );
      }
    }
  },
);
