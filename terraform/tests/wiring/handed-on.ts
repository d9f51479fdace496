// What the root itself hands on, one variable or part of an object at a time. It is one table, and longer than 250 lines because the
// services are told so much. What a module takes whole is that module's to test: a part that it does not take is refused (unknown_settings
// in main.tf), and an object that no module takes fails the tables of README.md.

import type { MockedInstallation } from './mocked-installation.ts';

type Read = (installation: MockedInstallation) => unknown;

/** A variable of the root, or a part of one: a value that is not its default, where it has to arrive, and as what. */
export interface Wiring {
  readonly value: unknown;
  readonly read: Read;
  /** What is read where it is not the value itself. */
  readonly expected?: unknown;
  /** The expected value if the variable is not set. For variables with only two values: a fixed value would be right half of the time. */
  readonly otherwise?: unknown;
}

/** Its module is there with webhooks alone. */
const SENDER = 'webhook-sender';
type ServiceModule = 'url-issuer' | 'acceptor' | 'processor' | typeof SENDER;
const CONSUMERS: readonly ServiceModule[] = ['acceptor', 'processor'];
const EVERY_CONSUMER: readonly ServiceModule[] = [...CONSUMERS, SENDER];
const WITHOUT_WEBHOOKS: readonly ServiceModule[] = ['url-issuer', ...CONSUMERS];
const EVERY_SERVICE: readonly ServiceModule[] = [...WITHOUT_WEBHOOKS, SENDER];

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/2';
const HANDLER_KEY = 'arn:aws:kms:eu-central-1:123456789012:key/3';
const OLD_KEY = 'arn:aws:kms:eu-central-1:123456789012:key/1';

const containers = (installation: MockedInstallation, service: ServiceModule, ...path: (string | number)[]) =>
  installation.at(
    `module.service["${service}"].aws_ecs_task_definition.this`,
    'container_definitions',
    ...path,
  );

const container = (installation: MockedInstallation, service: ServiceModule, ...path: (string | number)[]) =>
  containers(installation, service, 0, ...path);

/** Of the collector beside a service. */
const collector = (installation: MockedInstallation, service: ServiceModule, ...path: (string | number)[]) =>
  containers(installation, service, 1, ...path);

/** A variable of a service's container. */
function environment(installation: MockedInstallation, service: ServiceModule, name: string): unknown {
  const variables = (container(installation, service, 'environment') ?? []) as readonly {
    readonly name: string;
    readonly value: string;
  }[];
  return variables.find((variable) => variable.name === name)?.value;
}

function environmentOf(services: readonly ServiceModule[], name: string): Read {
  return (installation) => services.map((service) => environment(installation, service, name));
}

/** What becomes a variable of one service's container, as it is. */
function variable(service: ServiceModule, name: string, value: string | number): Wiring {
  return { value, expected: String(value), read: (made) => environment(made, service, name) };
}

function quotaOf(installation: MockedInstallation, name: string): unknown {
  const quotas = installation.output('quotas') as Readonly<Record<string, { readonly quota: unknown }>>;
  return quotas[name]?.quota;
}

const inEvery = (value: unknown) => EVERY_SERVICE.map(() => value);

interface Statement {
  readonly Sid: string;
  readonly Resource: unknown;
  readonly Condition: unknown;
}

function statements(installation: MockedInstallation, address: string): readonly Statement[] {
  return (installation.at(address, 'policy', 'Statement') ?? []) as readonly Statement[];
}

/** The keys that ECS can decrypt a service's secrets with. */
function secretKeys(installation: MockedInstallation, service: ServiceModule): unknown {
  return statements(installation, `module.service["${service}"].aws_iam_role_policy.execution`).find(
    ({ Sid }) => Sid === 'DecryptSecrets',
  )?.Resource;
}

/** The metric that counts the running tasks of a consumer. */
function runningTasks(installation: MockedInstallation, service: ServiceModule): unknown {
  const metrics = installation.at(
    `module.service["${service}"].aws_appautoscaling_policy.load`,
    ...['target_tracking_scaling_policy_configuration', 0, 'customized_metric_specification', 0, 'metrics'],
  ) as readonly { readonly id: string; readonly metric_stat: readonly Metric[] }[] | undefined;
  return metrics?.find(({ id }) => id === 'running')?.metric_stat[0]?.metric[0]?.metric_name;
}

interface Metric {
  readonly metric: readonly { readonly metric_name: string }[];
}

/** Which services' tasks are in a security group. */
function inSecurityGroup(id: string): Read {
  return (installation) =>
    EVERY_SERVICE.map((service) => {
      const groups = installation.at(
        `module.service["${service}"].aws_ecs_service.this`,
        ...['network_configuration', 0, 'security_groups'],
      ) as readonly string[] | undefined;
      return groups?.includes(id) ?? false;
    });
}

/** Size and number of a service's tasks, as they were given in one variable. */
function tasks(service: ServiceModule, given: Readonly<Record<string, unknown>>): Read {
  return (installation) => {
    const of = (address: string, ...path: (string | number)[]) =>
      installation.at(`module.service["${service}"].${address}`, ...path);
    const load = (name: string) =>
      of('aws_appautoscaling_policy.load', 'target_tracking_scaling_policy_configuration', 0, name);
    const readings: Readonly<Record<string, () => unknown>> = {
      cpu: () => Number(of('aws_ecs_task_definition.this', 'cpu')),
      memory: () => Number(of('aws_ecs_task_definition.this', 'memory')),
      min_tasks: () => of('aws_appautoscaling_target.this', 'min_capacity'),
      max_tasks: () => of('aws_appautoscaling_target.this', 'max_capacity'),
      requests_per_minute: () => load('target_value'),
      messages: () => load('target_value'),
      disable_scale_in: () => load('disable_scale_in'),
      concurrency: () => Number(environment(installation, service, 'CONCURRENCY')),
      max_connections: () => Number(environment(installation, service, 'MAX_CONNECTIONS')),
      protect_after_seconds: () => Number(environment(installation, service, 'PROTECT_AFTER_SECONDS')),
      spot: () =>
        (
          (of('aws_ecs_service.this', 'capacity_provider_strategy') ?? []) as readonly {
            readonly capacity_provider: string;
          }[]
        ).some(({ capacity_provider }) => capacity_provider === 'FARGATE_SPOT'),
      on_demand_tasks: () =>
        (
          (of('aws_ecs_service.this', 'capacity_provider_strategy') ?? []) as readonly {
            readonly capacity_provider: string;
            readonly base: number;
          }[]
        ).find(({ capacity_provider }) => capacity_provider === 'FARGATE')?.base,
    };
    return Object.fromEntries(Object.keys(given).map((name) => [name, readings[name]?.()]));
  };
}

const urlIssuer = {
  cpu: 512,
  memory: 1024,
  min_tasks: 3,
  max_tasks: 7,
  requests_per_minute: 1000,
  max_connections: 2000,
  spot: true,
  on_demand_tasks: 3,
};
const acceptor = {
  ...{ cpu: 1024, memory: 2048, min_tasks: 4, max_tasks: 8, concurrency: 5, messages: 3, spot: true },
  ...{ on_demand_tasks: 2, protect_after_seconds: 110 },
};
const processor = {
  ...{ cpu: 2048, memory: 4096, min_tasks: 5, max_tasks: 9, concurrency: 6, messages: 4, spot: true },
  ...{ disable_scale_in: true, protect_after_seconds: 115, on_demand_tasks: 1 },
};
const webhooks = {
  cpu: 4096,
  memory: 8192,
  min_tasks: 6,
  max_tasks: 11,
  concurrency: 4,
  messages: 2,
  spot: true,
  on_demand_tasks: 4,
};
const bucket = 'module.storage.aws_s3_bucket';
const handlerPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['ses:SendEmail'], Resource: ['*'] }],
});
const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm';
const processorImage = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/mine:1.2.3';

/** What the others of besideDomain need. */
export const besideDomainToo = {
  'endpoint.certificate_arn': 'arn:aws:acm:eu-central-1:123456789012:certificate/1',
  'endpoint.zone': { id: 'Z123' },
  'network.egress': 'nat',
  'storage.kms_key_arn': KEY,
  // Its role is one more that takes your account's path and boundary.
  'storage.replica': { bucket_arn: 'arn:aws:s3:::readings-copy', kms_key_arn: KEY },
};

/** With a domain, in a VPC that is made here. */
export const besideDomain: Readonly<Record<string, Wiring>> = {
  name: {
    value: 'readings',
    read: (made) => made.at('aws_ecs_cluster.this[0]', 'name'),
  },
  iam: {
    value: { path: '/readings/', permissions_boundary_arn: 'arn:aws:iam::123456789012:policy/boundary' },
    expected: ['module.storage.aws_iam_role.replication[0]'],
    // All that are made have both, that of the replica among them. A role with another path or boundary would be listed too.
    read: (made) => [
      ...[...made.attributes('assume_role_policy').keys()].filter((address) =>
        address.endsWith('replication[0]'),
      ),
      ...[...made.attributes('assume_role_policy').keys()].filter(
        (address) =>
          made.at(address, 'path') !== '/readings/' ||
          made.at(address, 'permissions_boundary') !== 'arn:aws:iam::123456789012:policy/boundary',
      ),
    ],
  },
  environment: {
    value: 'production',
    expected: [...inEvery('production'), 'production'],
    read: (made) => [
      ...EVERY_SERVICE.map((service) => environment(made, service, 'ENVIRONMENT')),
      made.at(
        'module.alarms.aws_cloudwatch_metric_alarm.this["url-issuer-server-errors"]',
        ...['dimensions', 'Environment'],
      ),
    ],
  },
  tags: {
    value: { project: 'readings' },
    expected: [],
    // Whatever can have some and has none of these.
    read: (made) =>
      [...made.attributes('tags')]
        .filter(([, tags]) => (tags as Readonly<Record<string, string>> | null)?.['project'] !== 'readings')
        .map(([address]) => address),
  },
  image_tag: {
    value: '1.2.0',
    expected: ['1.2.0', '1.2.0'],
    read: (made) =>
      (['url-issuer', 'acceptor'] as const).map((service) =>
        String(container(made, service, 'image'))
          .split(':')
          .at(-1),
      ),
  },
  images: {
    value: { processor: processorImage },
    expected: processorImage,
    read: (made) => container(made, 'processor', 'image'),
  },
  architecture: {
    value: 'X86_64',
    // Of the services, and of the audit.
    expected: [...inEvery('X86_64'), 'X86_64'],
    read: (made) => made.ofEvery('aws_ecs_task_definition', 'runtime_platform', 0, 'cpu_architecture'),
  },
  container_insights: {
    value: false,
    expected: ['disabled', 'CPUUtilization'],
    otherwise: ['enabled', 'RunningTaskCount'],
    read: (made) => [
      made.at('aws_ecs_cluster.this[0]', 'setting', 0, 'value'),
      runningTasks(made, 'acceptor'),
    ],
  },
  fargate_vcpu_quota: { value: 200, read: (made) => quotaOf(made, 'fargate_vcpus') },
  fargate_spot_vcpu_quota: { value: 300, read: (made) => quotaOf(made, 'fargate_spot_vcpus') },
  api_request_quota: { value: 20_000, read: (made) => quotaOf(made, 'api_requests_per_second') },
  'endpoint.domain_name': {
    value: 'uploads.example.com',
    expected: ['https://uploads.example.com/prod', 'uploads.example.com'],
    read: (made) => [
      made.output('issuer_url'),
      made.at('module.endpoint.aws_route53_record.this[0]', 'name'),
    ],
  },
  'storage.previous_kms_key_arns': {
    value: [OLD_KEY],
    expected: inEvery([KEY, OLD_KEY]),
    read: (made) =>
      EVERY_SERVICE.map(
        (service) =>
          statements(made, `module.service["${service}"].aws_iam_role_policy.task["service"]`).find(
            ({ Sid }) => Sid === 'DecryptThroughS3AndDynamoDb',
          )?.Resource,
      ),
  },
  force_destroy: {
    value: true,
    expected: [true, true, true],
    otherwise: [false, false, false],
    read: (made) => [
      made.at(`${bucket}.this`, 'force_destroy'),
      ...made.ofEvery('aws_ecr_repository', 'force_delete').slice(0, 2),
    ],
  },
  deletion_protection: {
    value: false,
    expected: [false, false, false],
    otherwise: [true, true, true],
    read: (made) => [
      made.at('module.endpoint.aws_lb.this[0]', 'enable_deletion_protection'),
      ...made.ofEvery('aws_dynamodb_table', 'deletion_protection_enabled'),
    ],
  },
  'storage.protect_uploads': {
    value: false,
    expected: [false, false, 'false'],
    otherwise: [true, true, 'true'],
    read: (made) => [
      ...['UploadsNeverCovered', 'UploadsRemovedOnlyByAcceptor'].map((sid) =>
        statements(made, `${bucket}_policy.this`).some(({ Sid }) => Sid === sid),
      ),
      environment(made, 'acceptor', 'UPLOADS_PROTECTED'),
    ],
  },
  'storage.allow_presigned_put': {
    value: false,
    expected: [false, 'false'],
    otherwise: [true, 'true'],
    read: (made) => [
      statements(made, `${bucket}_policy.this`).some(({ Sid }) => Sid === 'PresignedPutOnlyIfNoneMatch'),
      environment(made, 'url-issuer', 'PRESIGNED_PUT'),
    ],
  },
  'url_issuer.cors_allowed_origins': {
    value: ['https://upload.example.com', 'https://www.example.com'],
    expected: ['https://upload.example.com,https://www.example.com', undefined, undefined, undefined],
    read: environmentOf(EVERY_SERVICE, 'CORS_ORIGINS'),
  },
  'url_issuer.success_redirect_origins': {
    value: ['https://upload.example.com', 'https://www.example.com'],
    expected: ['https://upload.example.com,https://www.example.com', undefined, undefined, undefined],
    read: environmentOf(EVERY_SERVICE, 'SUCCESS_REDIRECT_ORIGINS'),
  },
  trail_retention_days: {
    value: 31,
    read: (made) =>
      made.at(
        'module.trail[0].aws_s3_bucket_lifecycle_configuration.this',
        ...['rule', 0, 'expiration', 0, 'days'],
      ),
  },
  'reports.kept_duplicates': {
    value: 25,
    expected: ['25', '25'],
    read: environmentOf(CONSUMERS, 'KEPT_DUPLICATES'),
  },
  'reports.queue_arns': {
    value: ['arn:aws:sqs:eu-central-1:123456789012:reports-of-crm'],
    expected: CONSUMERS.map(() => [
      'https://sqs.eu-central-1.amazonaws.com/123456789012/reports-of-crm',
      'arn:aws:sqs:eu-central-1:123456789012:reports-of-crm',
    ]),
    // The first of each is the queue that is made here.
    read: (made) =>
      CONSUMERS.map((service) => [
        String(environment(made, service, 'REPORT_QUEUE_URLS')).split(',')[1],
        statements(made, `module.service["${service}"].aws_iam_role_policy.task["service"]`)
          .filter(({ Sid }) => Sid === 'SendReports')
          .flatMap(({ Resource }) => Resource as string[])[1],
      ]),
  },
  'reports.queue_kms_key_arns': {
    value: [KEY],
    expected: CONSUMERS.map(() => [KEY]),
    read: (made) =>
      CONSUMERS.map(
        (service) =>
          statements(made, `module.service["${service}"].aws_iam_role_policy.task["service"]`).find(
            ({ Sid }) => Sid === 'SendToEncryptedQueues',
          )?.Resource,
      ),
  },
  'storage.record_retention_days': {
    value: 120,
    expected: [120, inEvery('120')],
    read: (made) => [
      made.output('record_retention_days'),
      environmentOf(EVERY_SERVICE, 'RECORD_RETENTION_DAYS')(made),
    ],
  },
  'storage.visibility_seconds': {
    value: 90,
    expected: [90, 90, 90, '90', '90', '90'],
    read: (made) => [
      ...['upload_events', 'accepted_events', 'webhooks'].map((queue) =>
        made.at(`module.storage.aws_sqs_queue.events["${queue}"]`, 'visibility_timeout_seconds'),
      ),
      ...EVERY_CONSUMER.map((service) => environment(made, service, 'VISIBILITY_SECONDS')),
    ],
  },
  'url_issuer.path_prefix': variable('url-issuer', 'PATH_PREFIX', '/prod'),
  'url_issuer.upload_name_part': variable('url-issuer', 'UPLOAD_NAME_PART', 'Reading'),
  'url_issuer.sharded_keys': {
    value: true,
    expected: 'true',
    otherwise: 'false',
    read: (made) => environment(made, 'url-issuer', 'SHARDED_KEYS'),
  },
  'url_issuer.form_lifetime_seconds': variable('url-issuer', 'FORM_LIFETIME_SECONDS', 120),
  'url_issuer.form_lifetime_max_seconds': {
    value: 7200,
    // And a quarter of an hour, in milliseconds.
    expected: ['7200', { NumericGreaterThan: { 's3:signatureAge': '8100000' } }],
    read: (made) => [
      environment(made, 'url-issuer', 'FORM_LIFETIME_MAX_SECONDS'),
      statements(made, `${bucket}_policy.this`).find(({ Sid }) => Sid === 'UploadsOnlyWithYoungSignature')
        ?.Condition,
    ],
  },
  'url_issuer.form_max_bytes': variable('url-issuer', 'FORM_MAX_BYTES', 1234),
  'url_issuer.rate_limit_store': {
    value: { url: 'rediss://rates.example.com:6380', security_group_id: 'sg-1', port: 6380 },
    expected: ['rediss://rates.example.com:6380', 'sg-1', 6380, 6380],
    read: (made) => [
      environment(made, 'url-issuer', 'RATE_LIMIT_STORE_URL'),
      ...['referenced_security_group_id', 'from_port', 'to_port'].map((attribute) =>
        made.at('aws_vpc_security_group_egress_rule.rate_limit_store[0]', attribute),
      ),
    ],
  },
  'url_issuer.bad_keys_per_minute': variable('url-issuer', 'BAD_KEYS_PER_MINUTE', 17),
  'url_issuer.links': {
    value: true,
    expected: ['https://uploads.example.com', ['https://uploads.example.com']],
    otherwise: [undefined, undefined],
    read: (made) => [
      environment(made, 'url-issuer', 'LINK_ORIGIN'),
      made.at(`${bucket}_cors_configuration.this[0]`, 'cors_rule', 0, 'allowed_origins'),
    ],
  },
  'url_issuer.link_return_origins': {
    value: ['https://www.example.com', 'https://app.example.com'],
    expected: 'https://www.example.com,https://app.example.com',
    read: (made) => environment(made, 'url-issuer', 'LINK_RETURN_ORIGINS'),
  },
  'url_issuer.link_lifetime_seconds': variable('url-issuer', 'LINK_LIFETIME_SECONDS', 1000),
  'url_issuer.link_lifetime_max_seconds': variable('url-issuer', 'LINK_LIFETIME_MAX_SECONDS', 2000),
  'url_issuer.link_rate_per_minute': variable('url-issuer', 'LINK_RATE_PER_MINUTE', 19),
  'url_issuer.link_address_rate_per_minute': variable('url-issuer', 'LINK_ADDRESS_RATE_PER_MINUTE', 20),
  'url_issuer.link_page_name': variable('url-issuer', 'LINK_PAGE_NAME', 'Example Ltd'),
  'url_issuer.link_page_logo': variable('url-issuer', 'LINK_PAGE_LOGO', 'data:image/png;base64,iVBORw0KGgo='),
  'url_issuer.link_page_color': variable('url-issuer', 'LINK_PAGE_COLOR', '#ffcc00'),
  'url_issuer.link_page_privacy_url': variable(
    'url-issuer',
    'LINK_PAGE_PRIVACY_URL',
    'https://www.example.com/privacy',
  ),
  'url_issuer.status_rate_per_second': variable('url-issuer', 'STATUS_RATE_PER_SECOND', 18),
  'processor.handler_limit_seconds': variable('processor', 'HANDLER_LIMIT_SECONDS', 600),
  'processor.handler_grace_seconds': variable('processor', 'HANDLER_GRACE_SECONDS', 17),
  'processor.handler_threads': variable('processor', 'HANDLER_THREADS', 3),
  'processor.handler_heap_mib': variable('processor', 'HANDLER_HEAP_MIB', 65),
  'processor.handler_environment': {
    value: { CRM_URL: 'https://crm.example.com' },
    expected: [undefined, undefined, 'https://crm.example.com', undefined],
    read: environmentOf(EVERY_SERVICE, 'CRM_URL'),
  },
  'processor.handler_secrets': {
    value: { CRM_TOKEN: secret },
    expected: [[], [], [{ name: 'CRM_TOKEN', valueFrom: secret }]],
    read: (made) => WITHOUT_WEBHOOKS.map((service) => container(made, service, 'secrets')),
  },
  'processor.handler_secret_kms_key_arns': {
    value: [HANDLER_KEY],
    expected: [undefined, undefined, [HANDLER_KEY]],
    read: (made) => WITHOUT_WEBHOOKS.map((service) => secretKeys(made, service)),
  },
  'processor.handler_policy': {
    value: { json: handlerPolicy },
    expected: [undefined, undefined, handlerPolicy, undefined],
    read: (made) =>
      EVERY_SERVICE.map((service) =>
        made.at(`module.service["${service}"].aws_iam_role_policy.task["handler"]`, 'policy'),
      ),
  },
  'processor.handler_security_group_ids': {
    value: ['sg-0123456789abcdef0'],
    expected: [false, false, true, false],
    read: inSecurityGroup('sg-0123456789abcdef0'),
  },
  'processor.handler_writable_paths': {
    value: ['/scratch'],
    expected: [undefined, undefined, '/scratch', undefined],
    read: (made) =>
      EVERY_SERVICE.map((service) => container(made, service, 'mountPoints', 0, 'containerPath')),
  },
  'tracing.sample_ratio': {
    value: 0.25,
    expected: '0.250000000',
    read: (made) => environment(made, 'url-issuer', 'OTEL_TRACES_SAMPLER_ARG'),
  },
  'tracing.exporter': {
    value: 'awsxray',
    expected: inEvery(true),
    read: (made) =>
      EVERY_SERVICE.map((service) =>
        String(collector(made, service, 'environment', 0, 'value')).includes('"awsxray"'),
      ),
  },
  'tracing.collector_image': {
    value: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/mirror/collector:v1',
    expected: inEvery('123456789012.dkr.ecr.eu-central-1.amazonaws.com/mirror/collector:v1'),
    read: (made) => EVERY_SERVICE.map((service) => collector(made, service, 'image')),
  },
  url_issuer: { value: urlIssuer, read: tasks('url-issuer', urlIssuer) },
  acceptor: { value: acceptor, read: tasks('acceptor', acceptor) },
  processor: { value: processor, read: tasks('processor', processor) },
  webhooks: { value: webhooks, read: tasks(SENDER, webhooks) },
  'webhooks.secret_arn': {
    value: secret,
    expected: { name: 'WEBHOOKS', valueFrom: secret },
    read: (made) => container(made, SENDER, 'secrets', 0),
  },
  'webhooks.secret_kms_key_arn': {
    value: KEY,
    expected: [KEY],
    read: (made) => secretKeys(made, SENDER),
  },
  'webhooks.allowed_origins': {
    value: ['http://crm.internal:8080', 'https://10.0.0.1'],
    expected: 'http://crm.internal:8080,https://10.0.0.1',
    read: (made) => environment(made, SENDER, 'WEBHOOK_ALLOWED_ORIGINS'),
  },
  'webhooks.download_seconds': variable(SENDER, 'WEBHOOK_DOWNLOAD_SECONDS', 7200),
  'webhooks.security_group_ids': {
    value: ['sg-0123456789abcdef1'],
    expected: [false, false, false, true],
    read: inSecurityGroup('sg-0123456789abcdef1'),
  },
  log_level: { value: 'debug', expected: inEvery('debug'), read: environmentOf(EVERY_SERVICE, 'LOG_LEVEL') },
  log_retention_days: {
    value: 60,
    expected: [60],
    read: (made) => [...new Set(made.ofEvery('aws_cloudwatch_log_group', 'retention_in_days'))],
  },
  log_kms_key_arn: {
    value: KEY,
    expected: [KEY],
    read: (made) => [...new Set(made.ofEvery('aws_cloudwatch_log_group', 'kms_key_id'))],
  },
  wait_for_steady_state: {
    value: true,
    expected: inEvery(true),
    otherwise: WITHOUT_WEBHOOKS.map(() => false),
    read: (made) => made.ofEvery('aws_ecs_service', 'wait_for_steady_state'),
  },
};

/** What a domain, or a VPC that is made here, leaves no room for. */
export const inGivenVpc: Readonly<Record<string, Wiring>> = {
  cluster: {
    value: { arn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/shared' },
    expected: WITHOUT_WEBHOOKS.map(() => 'arn:aws:ecs:eu-central-1:123456789012:cluster/shared'),
    read: (given) => given.ofEvery('aws_ecs_service', 'cluster'),
  },
  'network.vpc': {
    value: {
      id: 'vpc-1',
      private_subnet_ids: ['subnet-a', 'subnet-b'],
      public_subnet_ids: ['subnet-c', 'subnet-d'],
    },
    expected: [...WITHOUT_WEBHOOKS.map(() => ['subnet-a', 'subnet-b']), 'vpc-1', 'subnet-c', 'subnet-b'],
    read: (given) => [
      ...given.ofEvery('aws_ecs_service', 'network_configuration', 0, 'subnets'),
      given.at('module.endpoint.aws_lb_target_group.this[0]', 'vpc_id'),
      given.at('module.network.data.aws_subnet.given_public[0]', 'id'),
      given.at('module.network.data.aws_subnet.given_private[1]', 'id'),
    ],
  },
  'url_issuer.rate_limit_store': {
    value: { url_secret_arn: secret, url_secret_kms_key_arn: KEY, security_group_id: 'sg-1' },
    expected: [undefined, { name: 'RATE_LIMIT_STORE_URL', valueFrom: secret }, [KEY]],
    read: (given) => [
      environment(given, 'url-issuer', 'RATE_LIMIT_STORE_URL'),
      container(given, 'url-issuer', 'secrets', 0),
      secretKeys(given, 'url-issuer'),
    ],
  },
};

/** With the profile "small", whose parts would contradict a domain. */
export const inSmallProfile: Readonly<Record<string, Wiring>> = {
  profile: {
    value: 'small',
    expected: {
      publicAddresses: WITHOUT_WEBHOOKS.map(() => true),
      loadBalancers: [],
      registered: [true, false, false],
      capacity: ['FARGATE', 'FARGATE_SPOT', 'FARGATE_SPOT'],
      runningTasks: ['CPUUtilization', 'CPUUtilization'],
      processor: ['256', '512', '1', '128'],
    },
    read: (made) => {
      const ofEvery = (...path: (string | number)[]) =>
        WITHOUT_WEBHOOKS.map((service) =>
          made.at(`module.service["${service}"].aws_ecs_service.this`, ...path),
        );
      return {
        publicAddresses: ofEvery('network_configuration', 0, 'assign_public_ip'),
        loadBalancers: made.ofEvery('aws_lb', 'name'),
        registered: ofEvery('service_registries', 0, 'registry_arn').map((arn) => arn !== undefined),
        capacity: ofEvery('capacity_provider_strategy', 0, 'capacity_provider'),
        runningTasks: CONSUMERS.map((service) => runningTasks(made, service)),
        processor: [
          made.at('module.service["processor"].aws_ecs_task_definition.this', 'cpu'),
          made.at('module.service["processor"].aws_ecs_task_definition.this', 'memory'),
          environment(made, 'processor', 'HANDLER_THREADS'),
          environment(made, 'processor', 'HANDLER_HEAP_MIB'),
        ],
      };
    },
  },
};
