import { sendToEach } from '@upload-once/queue';
import { ObservedKind, writeReport } from '@upload-once/uploads';
import t from 'tap';
import { createClients } from './moto/clients.ts';
import { differencesOf, knownDifferences } from './moto/known-differences.ts';
import { permissionsOf, statementsOf } from './moto/policy-document.ts';
import { createStack, type Installation } from './moto/stack.ts';
import { startMoto } from './moto/start-moto.ts';
import { FAILURES, NO_FAILURES, taskEvent } from './moto/task-events.ts';
import { evaluate, type PolicyStatement } from './policy/evaluate-policies.ts';
import { TRIED_CALLS, type TriedCall } from './policy/role-calls.ts';
import { CALLS_WITH_WEBHOOKS } from './policy/webhook-calls.ts';

// All of it, made by Terraform at a stand-in of AWS, read back through AWS's SDK, planned again, and removed. What a module's own test says of a
// single resource is not said again: the second plan shows that the stand-in has it.

const ACCOUNT = '123456789012';
const DAY_SECONDS = 86_400;
const ALARMS_OF_WEBHOOKS = [
  'processor-webhook-events-lost',
  'webhook-sender-attempts-failed',
  'webhook-sender-endpoints-gone',
  'webhook-sender-messages-undeleted',
  'webhook-sender-task-failures',
  'webhook-sender-work-cut-off',
  'webhooks-age',
  'webhooks-dead-letter',
  'webhooks-dead-letter-expiring',
];

const moto = await startMoto();
t.teardown(() => moto.stop());
const { autoScaling, cloudWatch, logs, dynamodb, ecs, events, iam, route53, s3, sns, sqs } = createClients(
  moto.endpoint,
);
const stack = createStack(moto.endpoint);

const applied = await stack.apply();
if (applied.exitCode !== 0) throw new Error(`it can't be applied: ${applied.stderr}`);
const { minimal, own, zoneId } = await stack.outputs();
const both: readonly Installation[] = [minimal, own];

t.test('webhooks have a queue that S3 cannot reach, with a dead-letter queue, and a secret', async (t) => {
  const { webhooks, webhooks_dead_letter } = own.queues;
  const sender = own.services['webhook-sender'];
  if (!webhooks || !webhooks_dead_letter || !sender) throw new Error('there are no webhooks');
  const attributes = await attributesOf(webhooks.url);
  t.strictSame(JSON.parse(attributes['RedrivePolicy'] ?? ''), {
    deadLetterTargetArn: webhooks_dead_letter.arn,
    maxReceiveCount: 8,
  });
  t.strictSame(statementsOf(attributes['Policy']), [onlyTls(webhooks.arn, 'sqs:*')]);
  const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: sender.service_name });
  const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks-AbCdEf';
  t.match(taskDefinition?.containerDefinitions?.[0]?.secrets, [{ name: 'WEBHOOKS', valueFrom: secret }]);
  const { start = [] } = await inlinePoliciesOf(sender.execution_role_arn);
  t.strictSame(
    start.filter((permission) => /^(secretsmanager|kms):/.test(permission)),
    [`kms:Decrypt ${(await encryptionOf(own))?.KMSMasterKeyID}`, `secretsmanager:GetSecretValue ${secret}`],
  );
  t.notOk('webhooks' in minimal.queues || 'webhook-sender' in minimal.services, 'only where asked for');
});

t.test('what the handler may stands by itself, and protection only where it is asked for', async (t) => {
  const policies = await inlinePoliciesOf(own.services.processor.task_role_arn);
  t.strictSame(Object.keys(policies).sort(), ['handler', 'scale-in-protection', 'service']);
  t.strictSame(policies['handler'], [`sqs:SendMessage arn:aws:sqs:eu-central-1:${ACCOUNT}:handler`]);
  t.strictSame(policies['scale-in-protection'], [
    'ecs:UpdateTaskProtection arn:aws:ecs:eu-central-1:123456789012:task/own/*',
  ]);
});

t.test('a task’s role may make its own calls and no others, whatever the bucket is asked', async (t) => {
  for (const installation of both) {
    const { Policy } = await s3.getBucketPolicy({ Bucket: installation.bucket.name });
    const ofBucket = statementsOf(Policy) as readonly PolicyStatement[];
    const ofRole: Record<string, readonly PolicyStatement[]> = {
      administrator: [{ Sid: 'Everything', Effect: 'Allow', Action: '*', Resource: '*' }],
    };
    for (const [service, { task_role_arn }] of Object.entries(installation.services)) {
      ofRole[service] = (await inlineDocumentsOf(task_role_arn)).flatMap(
        (document) => statementsOf(document) as readonly PolicyStatement[],
      );
    }
    for (const tried of installation === own ? [...TRIED_CALLS, ...CALLS_WITH_WEBHOOKS] : TRIED_CALLS) {
      const { by, what, action, on, context = {} } = tried;
      const { may, refusedBy } = installation === own ? withoutPresignedPut(tried) : tried;
      const resource = on(installation);
      const isOnBucket =
        resource === installation.bucket.arn || resource.startsWith(`${installation.bucket.arn}/`);
      const decision = evaluate(
        {
          action,
          resource,
          context: {
            'aws:SecureTransport': 'true',
            'aws:PrincipalArn':
              by === 'administrator'
                ? `arn:aws:iam::${ACCOUNT}:role/administrator`
                : (installation.services[by]?.task_role_arn ?? ''),
            ...context,
          },
        },
        { identity: ofRole[by] ?? [], resource: isOnBucket ? ofBucket : [] },
      );
      const said = `${installation.cluster_name}, ${by}: ${what} (${action})`;
      t.equal(decision.isAllowed, may, `${said}: ${decision.because.join(', ')}`);
      if (refusedBy !== undefined) t.ok(decision.because.includes(refusedBy), `${said}: by ${refusedBy}`);
    }
  }
});

/** Where presigned PUTs are not let in, not even one of something new is, and no upload needs protection. */
function withoutPresignedPut(tried: TriedCall): Pick<TriedCall, 'may' | 'refusedBy'> {
  if (tried.context?.['s3:authType'] === 'REST-QUERY-STRING') {
    return { may: false, refusedBy: 'UploadsOnlyByForm' };
  }
  return /^Uploads(NeverCovered|RemovedOnlyByAcceptor)$/.test(tried.refusedBy ?? '') ? { may: true } : tried;
}

t.test(
  'only ECS takes a role on, and the scheduler its own, a task’s only in this account, and no role has a policy of AWS’s',
  async (t) => {
    const { Roles = [] } = await iam.listRoles({});
    t.equal(Roles.length, 2 * 7 + 2 * 3, 'two roles for each service, three for each audit');
    for (const { RoleName, AssumeRolePolicyDocument } of Roles) {
      t.match(
        statementsOf(AssumeRolePolicyDocument),
        [
          {
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: {
              Service: RoleName?.endsWith('-schedule')
                ? 'scheduler.amazonaws.com'
                : 'ecs-tasks.amazonaws.com',
            },
            // AWS does not say that ECS names a source when it takes the execution role on.
            Condition: /-(task|schedule)$/.test(RoleName ?? '')
              ? { StringEquals: { 'aws:SourceAccount': ACCOUNT } }
              : undefined,
          },
        ],
        RoleName ?? '',
      );
      t.strictSame((await iam.listAttachedRolePolicies({ RoleName })).AttachedPolicies, [], RoleName ?? '');
    }
  },
);

t.test(
  'tasks run read-only, in the given architecture, with the roles and variables of their service',
  async (t) => {
    for (const installation of both) {
      for (const [
        service,
        { service_name, task_role_arn, execution_role_arn, log_group_name },
      ] of Object.entries(installation.services)) {
        const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: service_name });
        const container = taskDefinition?.containerDefinitions?.[0];
        t.equal(taskDefinition?.taskRoleArn, task_role_arn, service);
        t.equal(taskDefinition?.executionRoleArn, execution_role_arn, service);
        t.ok(execution_role_arn.endsWith(`${service}-eu-central-1-execution`), execution_role_arn);
        t.equal(
          taskDefinition?.runtimePlatform?.cpuArchitecture,
          installation === own ? 'X86_64' : 'ARM64',
          service,
        );
        t.match(container, {
          readonlyRootFilesystem: true,
          stopTimeout: 120,
          logConfiguration: { options: { 'awslogs-group': log_group_name } },
        });
        const environment = Object.fromEntries(
          (container?.environment ?? []).map(({ name, value }) => [name, value]),
        );
        t.equal(environment['BUCKET'], installation.bucket.name);
        t.equal(environment['UPLOADS_TABLE'], installation.tables.uploads.name);
        const isProtected = installation === own && service === 'processor';
        t.equal(environment['PROTECT_AFTER_SECONDS'], isProtected ? '100' : undefined);
      }
    }
    const images = await Promise.all(
      Object.values(own.services).map(async ({ service_name }) => {
        const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: service_name });
        return taskDefinition?.containerDefinitions?.[0]?.image;
      }),
    );
    t.strictSame(
      images.sort(),
      [
        `${own.repository_urls['acceptor']}:1.2.0`,
        `${own.repository_urls['url-issuer']}:1.2.0`,
        `${own.repository_urls['webhook-sender']}:1.2.0`,
        'registry.example.com/processor:1.2.0-mine',
      ].sort(),
    );
  },
);

t.test('each service scales, by what its work comes from', async (t) => {
  const { ScalableTargets = [] } = await autoScaling.describeScalableTargets({ ServiceNamespace: 'ecs' });
  t.strictSame(
    ScalableTargets.map(({ ResourceId }) => ResourceId).sort(),
    [
      ...['minimal', 'own'].flatMap((name) =>
        ['acceptor', 'processor', 'url-issuer'].map((service) => `service/${name}/${name}-${service}`),
      ),
      'service/own/own-webhook-sender',
    ].sort(),
  );
  const { ScalingPolicies = [] } = await autoScaling.describeScalingPolicies({ ServiceNamespace: 'ecs' });
  t.strictSame(
    ScalingPolicies.map(({ PolicyName }) => PolicyName).sort(),
    [
      ...['minimal', 'own'].flatMap((name) => [
        `${name}-acceptor-backlog`,
        `${name}-acceptor-cpu`,
        `${name}-processor-backlog`,
        `${name}-processor-cpu`,
        `${name}-url-issuer-cpu`,
        `${name}-url-issuer-requests`,
      ]),
      'own-webhook-sender-backlog',
      'own-webhook-sender-cpu',
    ].sort(),
  );
});

t.test('P4: a report is kept in its queue, by whose count the alarm goes off', async (t) => {
  const report = writeReport({
    observedVersion: {
      key: 'uploads/a-file',
      kind: ObservedKind.duplicate,
      versionId: 'v2',
      eTag: 'e',
      sizeBytes: 1,
      storedAt: new Date(0),
      recordedAt: new Date(1),
      reported: false,
    },
  });
  const { MetricAlarms = [] } = await cloudWatch.describeAlarms({ MaxRecords: 100 });
  for (const installation of both) {
    const { name, url, arn } = installation.queues.upload_reports;
    t.match(
      MetricAlarms.find(({ AlarmName }) => AlarmName === `${installation.cluster_name}-upload-reports`),
      {
        Namespace: 'AWS/SQS',
        MetricName: 'NumberOfMessagesSent',
        Dimensions: [{ Name: 'QueueName', Value: name }],
        Statistic: 'Sum',
        Threshold: 1,
      },
    );
    const attributes = await attributesOf(url);
    t.equal(attributes['MessageRetentionPeriod'], String(14 * DAY_SECONDS));
    t.equal(attributes['RedrivePolicy'], undefined, 'looking at a report never moves it away');
    t.strictSame(statementsOf(attributes['Policy']), [onlyTls(arn, 'sqs:*')]);
    await sendToEach(sqs, [url], report);
    for (const look of [1, 2]) {
      const { Messages = [] } = await sqs.receiveMessage({ QueueUrl: url, VisibilityTimeout: 0 });
      t.strictSame(
        Messages.map(({ Body }) => Body),
        [report],
        `look ${look}`,
      );
    }
  }
});

t.test(
  'alarm task-failures: two tasks that end by themselves or fail their health checks set it off, no other stop',
  async (t) => {
    const { MetricAlarms = [] } = await cloudWatch.describeAlarms({ MaxRecords: 100 });
    for (const installation of both) {
      const cluster = installation.cluster_name;
      const logGroupName = `/aws/events/${cluster}-task-failures`;
      // EventBridge counts as Invocations what a rule gives its target: here each line of the log group.
      const invocations = async () => (await logs.filterLogEvents({ logGroupName })).events ?? [];
      for (const [name, service] of Object.entries(installation.services)) {
        const alarm = MetricAlarms.find(({ AlarmName }) => AlarmName === `${cluster}-${name}-task-failures`);
        t.match(alarm, {
          Namespace: 'AWS/Events',
          MetricName: 'Invocations',
          Statistic: 'Sum',
          Threshold: 2,
        });
        const [rule] = (await events.listRules({ NamePrefix: alarm?.Dimensions?.[0]?.Value })).Rules ?? [];
        const { Targets = [] } = await events.listTargetsByRule({ Rule: rule?.Name });
        t.match(Targets, [{ Arn: new RegExp(`:log-group:${logGroupName}$`) }], 'a rule of its own');
        const group = `service:${service.service_name}`;
        const isSetOffBy = async (event: ReturnType<typeof taskEvent>) => {
          const before = (await invocations()).length;
          const twice = [event, event];
          t.equal((await events.putEvents({ Entries: twice })).FailedEntryCount, 0);
          return (await invocations()).length - before >= (alarm?.Threshold ?? Number.NaN);
        };
        for (const [what, task] of Object.entries(FAILURES)) {
          t.ok(await isSetOffBy(taskEvent(cluster, group, task)), `${group}: ${what}`);
          const others = [taskEvent('another', group, task), taskEvent(cluster, 'service:another', task)];
          for (const event of others) t.notOk(await isSetOffBy(event), `${what}, of another service`);
        }
        for (const [what, task] of Object.entries(NO_FAILURES))
          t.notOk(await isSetOffBy(taskEvent(cluster, group, task)), `${group}: ${what}`);
        const message = JSON.parse((await invocations()).at(-1)?.message ?? '{}');
        t.match(message, {
          detail: { group, stoppedReason: FAILURES['a health check of the container']?.stoppedReason },
        });
      }
    }
  },
);

t.test('every alarm is published to its topic, and is on something that is there', async (t) => {
  const { MetricAlarms = [] } = await cloudWatch.describeAlarms({ MaxRecords: 100 });
  for (const installation of both) {
    const name = installation.cluster_name;
    const alarms = MetricAlarms.filter(({ AlarmName }) => AlarmName?.startsWith(`${name}-`));
    t.strictSame(
      alarms.map(({ AlarmName }) => AlarmName?.slice(name.length + 1)).sort(),
      [
        'acceptor-messages-undeleted',
        'acceptor-task-failures',
        'acceptor-work-cut-off',
        'accepted-events-age',
        'accepted-events-dead-letter',
        'accepted-events-dead-letter-expiring',
        'audit-findings',
        'audit-missing',
        ...(installation === minimal ? ['api-errors'] : ALARMS_OF_WEBHOOKS),
        'load-balancer-errors',
        'processor-messages-undeleted',
        'processor-task-failures',
        'processor-waiting-time',
        'processor-work-cut-off',
        'upload-events-age',
        'upload-events-dead-letter',
        'upload-events-dead-letter-expiring',
        'upload-reports',
        'url-issuer-rate-store-away',
        'url-issuer-request-time',
        'url-issuer-server-errors',
        'url-issuer-task-failures',
      ].sort(),
    );
    for (const alarm of alarms) {
      t.strictSame(alarm.AlarmActions, [installation.topic_arn], alarm.AlarmName ?? '');
      const own = { 'audit-findings': 'ignore', 'audit-missing': 'breaching' };
      const missing = Object.entries(own).find(([audit]) => alarm.AlarmName?.endsWith(audit))?.[1];
      t.equal(alarm.TreatMissingData, missing ?? 'notBreaching', alarm.AlarmName ?? '');
    }
    const values = (dimension: string) =>
      new Set(
        alarms.flatMap(({ Dimensions = [] }) =>
          Dimensions.filter(({ Name }) => Name === dimension).map(({ Value }) => Value),
        ),
      );
    t.strictSame(values('QueueName'), new Set(Object.values(installation.queues).map((queue) => queue.name)));
    t.strictSame(values('Environment'), new Set([installation === own ? 'production' : 'minimal']));
    t.strictSame(
      values('LoadBalancer'),
      new Set([installation.load_balancer_arn.split(':loadbalancer/').at(-1)]),
    );
  }
  const ownErrors = MetricAlarms.find(({ AlarmName }) => AlarmName === 'own-url-issuer-server-errors');
  t.equal(ownErrors?.Threshold, 3, 'a threshold that was given');
});

t.test('the domain resolves to the load balancer, and the output has it', async (t) => {
  t.equal(own.issuer_url, 'https://uploads.example.com/prod');
  t.match(minimal.issuer_url, /^https:\/\/[a-z0-9]+\.execute-api\.eu-central-1\.amazonaws\.com$/);
  const { ResourceRecordSets = [] } = await route53.listResourceRecordSets({ HostedZoneId: zoneId });
  const record = ResourceRecordSets.find(({ Name }) => Name === 'uploads.example.com.');
  t.match(record, { Type: 'A', AliasTarget: { DNSName: own.load_balancer_dns_name } });
});

t.test('a VPC link for other zones will stand before the API loses the old one', async (t) => {
  t.strictSame(stack.standsBeforeTheOldGoes('aws_apigatewayv2_vpc_link'), [true]);
});

t.test('a second plan would change nothing but what moto does not keep', async (t) => {
  t.strictSame(differencesOf(await stack.plannedChanges()), knownDifferences());
});

t.test('a role that is made anew, under another path, has its policies made anew with it', async (t) => {
  const changes = await stack.plan('path=/other/');
  const ofOwn = (type: string) =>
    changes.filter(({ address }) => address.startsWith('module.own.') && address.includes(`.${type}.`));
  const [roles, policies] = [ofOwn('aws_iam_role'), ofOwn('aws_iam_role_policy')];
  t.equal(roles.length, 2 * 4 + 3, 'of each service, and of the audit');
  t.ok(policies.length >= roles.length);
  for (const { address, change } of [...roles, ...policies])
    t.strictSame([...change.actions].sort(), ['create', 'delete'], address);
});

t.test('files are only removed with the bucket where that was asked for', async (t) => {
  for (const { bucket } of both) {
    // moto would refuse every object: it reads what the policy denies without the conditions.
    await s3.deleteBucketPolicy({ Bucket: bucket.name });
    await s3.putObject({ Bucket: bucket.name, Key: 'accepted/contract.pdf', Body: 'signed' });
  }
  const refused = await stack.destroy();
  t.not(refused.exitCode, 0);
  t.match(refused.stderr, 'BucketNotEmpty');
  const { Buckets = [] } = await s3.listBuckets({});
  t.strictSame(
    Buckets.map(({ Name }) => Name),
    [minimal.bucket.name],
    'force_destroy took the other',
  );
  const { Versions = [] } = await s3.listObjectVersions({ Bucket: minimal.bucket.name });
  t.equal(Versions.length, 1, 'the file is still there');

  await s3.deleteObject({
    Bucket: minimal.bucket.name,
    Key: 'accepted/contract.pdf',
    VersionId: Versions[0]?.VersionId,
  });
  const destroyed = await stack.destroy();
  t.equal(destroyed.exitCode, 0, destroyed.stderr);
});

t.test('nothing is left', async (t) => {
  t.strictSame((await s3.listBuckets({})).Buckets ?? [], []);
  t.strictSame((await sqs.listQueues({})).QueueUrls ?? [], []);
  t.strictSame((await dynamodb.listTables({})).TableNames ?? [], []);
  t.strictSame((await iam.listRoles({})).Roles ?? [], []);
  t.strictSame((await sns.listTopics({})).Topics ?? [], []);
  t.strictSame((await cloudWatch.describeAlarms({})).MetricAlarms ?? [], []);
  t.strictSame((await logs.describeLogGroups({})).logGroups ?? [], []);
});

async function encryptionOf({ bucket }: Installation) {
  const { ServerSideEncryptionConfiguration } = await s3.getBucketEncryption({ Bucket: bucket.name });
  return ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
}

async function attributesOf(queueUrl: string): Promise<Readonly<Record<string, string>>> {
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: ['All'] });
  return Attributes ?? {};
}

/** Everything that a role's own policies say; no role has others, see above. */
async function inlineDocumentsOf(roleArn: string): Promise<(string | undefined)[]> {
  const RoleName = roleArn.split('/').at(-1);
  const { PolicyNames = [] } = await iam.listRolePolicies({ RoleName });
  return await Promise.all(
    PolicyNames.map(async (PolicyName) => (await iam.getRolePolicy({ RoleName, PolicyName })).PolicyDocument),
  );
}

/** The role's policies by name, each as `ACTION RESOURCE` lines. */
async function inlinePoliciesOf(roleArn: string): Promise<Record<string, string[]>> {
  const RoleName = roleArn.split('/').at(-1);
  const { PolicyNames = [] } = await iam.listRolePolicies({ RoleName });
  return Object.fromEntries(
    await Promise.all(
      PolicyNames.map(async (PolicyName) => {
        const { PolicyDocument } = await iam.getRolePolicy({ RoleName, PolicyName });
        return [PolicyName, permissionsOf(PolicyDocument)];
      }),
    ),
  );
}

function onlyTls(arn: string, action: string) {
  return {
    Sid: 'OnlyTls',
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: arn,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}
