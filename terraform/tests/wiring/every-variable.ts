// One table, longer than 250 lines because terraform/ has so many variables.

import type { MockedInstallation } from './mocked-installation.ts';

type Read = (installation: MockedInstallation) => unknown;

/** A variable of the root: a value that is not its default, where it has to arrive, and as what. */
export interface Wiring {
  readonly value: unknown;
  readonly read: Read;
  /** What is read where it is not the value itself. */
  readonly expected?: unknown;
  /** The expected value if the variable is not set. For variables with only two values: a fixed value would be right half of the time. */
  readonly otherwise?: unknown;
}

const SERVICES = { url_issuer: 'url-issuer', acceptor: 'acceptor', processor: 'processor' } as const;
type ServiceModule = keyof typeof SERVICES;
const CONSUMERS: readonly ServiceModule[] = ['acceptor', 'processor'];
const EVERY_SERVICE = Object.keys(SERVICES) as readonly ServiceModule[];

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/2';
const OLD_KEY = 'arn:aws:kms:eu-central-1:123456789012:key/1';
const DAY_SECONDS = 86_400;

const container = (installation: MockedInstallation, service: ServiceModule, ...path: (string | number)[]) =>
  installation.at(`module.${service}.aws_ecs_task_definition.this`, 'container_definitions', ...[0, ...path]);

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

const inEvery = (value: unknown) => EVERY_SERVICE.map(() => value);

interface Statement {
  readonly Sid: string;
  readonly Resource: unknown;
  readonly Condition: unknown;
}

function statements(installation: MockedInstallation, address: string): readonly Statement[] {
  return (installation.at(address, 'policy', 'Statement') ?? []) as readonly Statement[];
}

/** Size and number of a service's tasks, as they were given in one variable. */
function tasks(service: ServiceModule, given: Readonly<Record<string, unknown>>): Read {
  return (installation) => {
    const of = (address: string, ...path: (string | number)[]) =>
      installation.at(`module.${service}.${address}`, ...path);
    const backlog = 'aws_appautoscaling_policy.backlog[0]';
    const requests = 'aws_appautoscaling_policy.requests[0]';
    const target = ['target_tracking_scaling_policy_configuration', 0];
    const readings: Readonly<Record<string, () => unknown>> = {
      cpu: () => Number(of('aws_ecs_task_definition.this', 'cpu')),
      memory: () => Number(of('aws_ecs_task_definition.this', 'memory')),
      min_tasks: () => of('aws_appautoscaling_target.this', 'min_capacity'),
      max_tasks: () => of('aws_appautoscaling_target.this', 'max_capacity'),
      requests_per_minute: () => of(requests, ...target, 'target_value'),
      messages: () => of(backlog, ...target, 'target_value'),
      disable_scale_in: () => of(backlog, ...target, 'disable_scale_in'),
      concurrency: () => Number(environment(installation, service, 'CONCURRENCY')),
      max_connections: () => Number(environment(installation, service, 'MAX_CONNECTIONS')),
      protect_after_seconds: () => Number(environment(installation, service, 'PROTECT_AFTER_SECONDS')),
      spot: () =>
        (
          of('aws_ecs_service.this', 'capacity_provider_strategy') as readonly {
            readonly capacity_provider: string;
          }[]
        ).some(({ capacity_provider }) => capacity_provider === 'FARGATE_SPOT'),
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
};
const acceptor = {
  ...{ cpu: 1024, memory: 2048, min_tasks: 4, max_tasks: 8, concurrency: 5, messages: 50, spot: true },
  protect_after_seconds: 110,
};
const processor = {
  ...{ cpu: 2048, memory: 4096, min_tasks: 5, max_tasks: 9, concurrency: 6, messages: 7, spot: true },
  ...{ disable_scale_in: true, protect_after_seconds: 115 },
};
const thresholds = {
  ...{ issuer_errors: 11, issuer_p99_milliseconds: 1212, task_failures: 13 },
  ...{ upload_events_age_seconds: 1414, accepted_events_age_seconds: 1515 },
};
const ALARMS = {
  issuer_errors: 'url-issuer-server-errors',
  issuer_p99_milliseconds: 'url-issuer-request-time',
  task_failures: 'processor-task-failures',
  upload_events_age_seconds: 'upload-events-age',
  accepted_events_age_seconds: 'accepted-events-age',
} as const;

const bucket = 'module.storage.aws_s3_bucket';
const lifecycle =
  (rule: number, ...path: (string | number)[]): Read =>
  (installation) =>
    installation.at(`${bucket}_lifecycle_configuration.this`, 'rule', rule, ...path);
const ofQueues =
  (kind: 'events' | 'dead_letter', attribute: string): Read =>
  (installation) =>
    ['upload_events', 'accepted_events'].map((queue) =>
      installation.at(`module.storage.aws_sqs_queue.${kind}["${queue}"]`, attribute),
    );
const handlerPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['ses:SendEmail'], Resource: ['*'] }],
});
const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:crm';
const processorImage = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/mine:1.2.3';

/** With a domain, in a VPC that is made here. */
export const besideDomain: Readonly<Record<string, Wiring>> = {
  name: { value: 'readings', read: (made) => made.at('aws_ecs_cluster.this', 'name') },
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
      (['url_issuer', 'acceptor'] as const).map((service) =>
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
  kept_images: {
    value: 7,
    expected: inEvery(7),
    read: (made) =>
      made.ofEvery('aws_ecr_lifecycle_policy', 'policy', 'rules', 1, 'selection', 'countNumber'),
  },
  images_kms_key_arn: {
    value: KEY,
    expected: inEvery(KEY),
    read: (made) => made.ofEvery('aws_ecr_repository', 'encryption_configuration', 0, 'kms_key'),
  },
  architecture: {
    value: 'X86_64',
    expected: inEvery('X86_64'),
    read: (made) => made.ofEvery('aws_ecs_task_definition', 'runtime_platform', 0, 'cpu_architecture'),
  },
  vpc_cidr: { value: '10.1.0.0/16', read: (made) => made.at('module.network.aws_vpc.this[0]', 'cidr_block') },
  zones: {
    value: 3,
    expected: 6,
    // Private and public ones.
    read: (made) => made.ofEvery('aws_subnet', 'cidr_block').filter((cidr) => cidr !== '192.0.2.0/24').length,
  },
  exclude_zone_ids: {
    value: ['euc1-az9'],
    read: (made) => made.at('module.network.data.aws_availability_zones.available', 'exclude_zone_ids'),
  },
  interface_endpoints: {
    value: ['secretsmanager'],
    expected: 'com.amazonaws.eu-central-1.secretsmanager',
    read: (made) => made.at('module.network.aws_vpc_endpoint.interface["secretsmanager"]', 'service_name'),
  },
  domain_name: {
    value: 'uploads.example.com',
    expected: ['https://uploads.example.com/prod', 'uploads.example.com'],
    read: (made) => [
      made.output('issuer_url'),
      made.at('module.endpoint.aws_route53_record.this[0]', 'name'),
    ],
  },
  certificate_arn: {
    value: 'arn:aws:acm:eu-central-1:123456789012:certificate/1',
    read: (made) => made.at('module.endpoint.aws_lb_listener.https[0]', 'certificate_arn'),
  },
  zone: {
    value: { id: 'Z123' },
    expected: 'Z123',
    read: (made) => made.at('module.endpoint.aws_route53_record.this[0]', 'zone_id'),
  },
  ingress_cidrs: {
    value: ['203.0.113.0/24'],
    expected: '203.0.113.0/24',
    read: (made) =>
      made.at('module.endpoint.aws_vpc_security_group_ingress_rule.clients["203.0.113.0/24"]', 'cidr_ipv4'),
  },
  access_log_bucket: {
    value: 'your-access-logs',
    read: (made) => made.at('module.endpoint.aws_lb.this', 'access_logs', 0, 'bucket'),
  },
  bucket_name: { value: 'your-files', read: (made) => made.at(`${bucket}.this`, 'bucket') },
  kms_key_arn: {
    value: KEY,
    expected: [KEY, KEY, KEY],
    read: (made) => [
      made.at(
        `${bucket}_server_side_encryption_configuration.this`,
        ...['rule', 0, 'apply_server_side_encryption_by_default', 0, 'kms_master_key_id'],
      ),
      ...made.ofEvery('aws_dynamodb_table', 'server_side_encryption', 0, 'kms_key_arn'),
    ],
  },
  previous_kms_key_arns: {
    value: [OLD_KEY],
    expected: inEvery([KEY, OLD_KEY]),
    read: (made) =>
      EVERY_SERVICE.map(
        (service) =>
          statements(made, `module.${service}.aws_iam_role_policy.task`).find(
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
      made.at('module.endpoint.aws_lb.this', 'enable_deletion_protection'),
      ...made.ofEvery('aws_dynamodb_table', 'deletion_protection_enabled'),
    ],
  },
  point_in_time_recovery: {
    value: false,
    expected: [false, false],
    otherwise: [true, true],
    read: (made) => made.ofEvery('aws_dynamodb_table', 'point_in_time_recovery', 0, 'enabled'),
  },
  allow_presigned_put: {
    value: false,
    expected: [false, 'false'],
    otherwise: [true, 'true'],
    read: (made) => [
      statements(made, `${bucket}_policy.this`).some(({ Sid }) => Sid === 'PresignedPutOnlyIfNoneMatch'),
      environment(made, 'url_issuer', 'PRESIGNED_PUT'),
    ],
  },
  api_cors_allowed_origins: {
    value: ['https://upload.example.com', 'https://www.example.com'],
    expected: ['https://upload.example.com,https://www.example.com', undefined, undefined],
    read: environmentOf(EVERY_SERVICE, 'CORS_ORIGINS'),
  },
  cors_allowed_origins: {
    value: ['https://www.example.com'],
    read: (made) =>
      [...((made.at(`${bucket}_cors_configuration.this[0]`, 'cors_rule') as unknown[]) ?? [])].flatMap(
        (rule) => (rule as { readonly allowed_origins: readonly string[] }).allowed_origins,
      ),
  },
  uploads_expire_days: { value: 45, read: lifecycle(1, 'expiration', 0, 'days') },
  noncurrent_expire_days: {
    value: 46,
    read: lifecycle(1, 'noncurrent_version_expiration', 0, 'noncurrent_days'),
  },
  accepted_expire_days: { value: 365, read: lifecycle(2, 'expiration', 0, 'days') },
  trail_retention_days: {
    value: 31,
    read: (made) =>
      made.at(
        'module.trail[0].aws_s3_bucket_lifecycle_configuration.this',
        ...['rule', 0, 'expiration', 0, 'days'],
      ),
  },
  unfinished_multipart_days: {
    value: 3,
    read: lifecycle(0, 'abort_incomplete_multipart_upload', 0, 'days_after_initiation'),
  },
  message_retention_days: {
    value: 6,
    expected: [6 * DAY_SECONDS, 6 * DAY_SECONDS],
    read: ofQueues('events', 'message_retention_seconds'),
  },
  dead_letter_retention_days: {
    value: 13,
    expected: [13 * DAY_SECONDS, 13 * DAY_SECONDS],
    read: ofQueues('dead_letter', 'message_retention_seconds'),
  },
  kept_duplicates: {
    value: 25,
    expected: ['25', '25'],
    read: environmentOf(CONSUMERS, 'KEPT_DUPLICATES'),
  },
  report_queue_arns: {
    value: ['arn:aws:sqs:eu-central-1:123456789012:reports-of-crm'],
    expected: CONSUMERS.map(() => [
      'https://sqs.eu-central-1.amazonaws.com/123456789012/reports-of-crm',
      'arn:aws:sqs:eu-central-1:123456789012:reports-of-crm',
    ]),
    // The first of each is the queue that is made here.
    read: (made) =>
      CONSUMERS.map((service) => [
        String(environment(made, service, 'REPORT_QUEUE_URLS')).split(',')[1],
        statements(made, `module.${service}.aws_iam_role_policy.task`)
          .filter(({ Sid }) => Sid === 'SendReports')
          .flatMap(({ Resource }) => Resource as string[])[1],
      ]),
  },
  report_queue_kms_key_arns: {
    value: [KEY],
    expected: CONSUMERS.map(() => [KEY]),
    read: (made) =>
      CONSUMERS.map(
        (service) =>
          statements(made, `module.${service}.aws_iam_role_policy.task`).find(
            ({ Sid }) => Sid === 'SendToEncryptedQueues',
          )?.Resource,
      ),
  },
  record_retention_days: {
    value: 120,
    expected: [120, inEvery('120')],
    read: (made) => [
      made.output('record_retention_days'),
      environmentOf(EVERY_SERVICE, 'RECORD_RETENTION_DAYS')(made),
    ],
  },
  max_receive_count: {
    value: 9,
    expected: [9, 9],
    read: (made) => made.ofEvery('aws_sqs_queue_redrive_policy', 'redrive_policy', 'maxReceiveCount'),
  },
  visibility_seconds: {
    value: 90,
    expected: [90, 90, '90', '90'],
    read: (made) => [
      ...(ofQueues('events', 'visibility_timeout_seconds')(made) as unknown[]),
      ...CONSUMERS.map((service) => environment(made, service, 'VISIBILITY_SECONDS')),
    ],
  },
  path_prefix: { value: '/prod', read: (made) => environment(made, 'url_issuer', 'PATH_PREFIX') },
  upload_name_part: {
    value: 'Reading',
    read: (made) => environment(made, 'url_issuer', 'UPLOAD_NAME_PART'),
  },
  form_lifetime_seconds: {
    value: 120,
    expected: '120',
    read: (made) => environment(made, 'url_issuer', 'FORM_LIFETIME_SECONDS'),
  },
  form_lifetime_max_seconds: {
    value: 7200,
    // And a quarter of an hour, in milliseconds.
    expected: ['7200', { NumericGreaterThan: { 's3:signatureAge': '8100000' } }],
    read: (made) => [
      environment(made, 'url_issuer', 'FORM_LIFETIME_MAX_SECONDS'),
      statements(made, `${bucket}_policy.this`).find(({ Sid }) => Sid === 'UploadsOnlyWithYoungSignature')
        ?.Condition,
    ],
  },
  form_max_bytes: {
    value: 1234,
    expected: '1234',
    read: (made) => environment(made, 'url_issuer', 'FORM_MAX_BYTES'),
  },
  rate_limit_store: {
    value: { url: 'rediss://rates.example.com:6380', security_group_id: 'sg-1', port: 6380 },
    expected: ['rediss://rates.example.com:6380', 'sg-1', 6380, 6380],
    read: (made) => [
      environment(made, 'url_issuer', 'RATE_LIMIT_STORE_URL'),
      ...['referenced_security_group_id', 'from_port', 'to_port'].map((attribute) =>
        made.at('aws_vpc_security_group_egress_rule.rate_limit_store[0]', attribute),
      ),
    ],
  },
  bad_keys_per_minute: {
    value: 17,
    expected: '17',
    read: (made) => environment(made, 'url_issuer', 'BAD_KEYS_PER_MINUTE'),
  },
  handler_limit_seconds: {
    value: 600,
    expected: '600',
    read: (made) => environment(made, 'processor', 'HANDLER_LIMIT_SECONDS'),
  },
  handler_grace_seconds: {
    value: 17,
    expected: '17',
    read: (made) => environment(made, 'processor', 'HANDLER_GRACE_SECONDS'),
  },
  handler_threads: {
    value: 3,
    expected: '3',
    read: (made) => environment(made, 'processor', 'HANDLER_THREADS'),
  },
  handler_heap_mib: {
    value: 65,
    expected: '65',
    read: (made) => environment(made, 'processor', 'HANDLER_HEAP_MIB'),
  },
  handler_environment: {
    value: { CRM_URL: 'https://crm.example.com' },
    expected: [undefined, undefined, 'https://crm.example.com'],
    read: environmentOf(EVERY_SERVICE, 'CRM_URL'),
  },
  handler_secrets: {
    value: { CRM_TOKEN: secret },
    expected: [[], [], [{ name: 'CRM_TOKEN', valueFrom: secret }]],
    read: (made) => EVERY_SERVICE.map((service) => container(made, service, 'secrets')),
  },
  handler_policy_json: {
    value: handlerPolicy,
    expected: [undefined, undefined, handlerPolicy],
    read: (made) =>
      EVERY_SERVICE.map((service) => made.at(`module.${service}.aws_iam_role_policy.handler[0]`, 'policy')),
  },
  handler_security_group_ids: {
    value: ['sg-0123456789abcdef0'],
    expected: [false, false, true],
    read: (made) =>
      EVERY_SERVICE.map((service) =>
        (
          made.at(
            `module.${service}.aws_ecs_service.this`,
            ...['network_configuration', 0, 'security_groups'],
          ) as readonly string[]
        ).includes('sg-0123456789abcdef0'),
      ),
  },
  handler_writable_paths: {
    value: ['/scratch'],
    expected: [undefined, undefined, '/scratch'],
    read: (made) =>
      EVERY_SERVICE.map((service) => container(made, service, 'mountPoints', 0, 'containerPath')),
  },
  url_issuer: { value: urlIssuer, read: tasks('url_issuer', urlIssuer) },
  acceptor: { value: acceptor, read: tasks('acceptor', acceptor) },
  processor: { value: processor, read: tasks('processor', processor) },
  log_level: { value: 'debug', expected: inEvery('debug'), read: environmentOf(EVERY_SERVICE, 'LOG_LEVEL') },
  log_retention_days: {
    value: 60,
    expected: [60],
    read: (made) => [...new Set(made.ofEvery('aws_cloudwatch_log_group', 'retention_in_days'))],
  },
  wait_for_steady_state: {
    value: true,
    expected: inEvery(true),
    otherwise: inEvery(false),
    read: (made) => made.ofEvery('aws_ecs_service', 'wait_for_steady_state'),
  },
  alarm_emails: {
    value: ['on-call@example.com'],
    expected: true,
    read: (made) => made.ofEvery('aws_sns_topic_subscription', 'endpoint').includes('on-call@example.com'),
  },
  alarm_sms: {
    value: ['+4915112345678'],
    expected: true,
    read: (made) => made.ofEvery('aws_sns_topic_subscription', 'endpoint').includes('+4915112345678'),
  },
  alarm_subscriptions: {
    value: [{ protocol: 'https', endpoint: 'https://on-call.example.com/alarms' }],
    expected: true,
    read: (made) =>
      made.ofEvery('aws_sns_topic_subscription', 'endpoint').includes('https://on-call.example.com/alarms'),
  },
  alarm_thresholds: {
    value: thresholds,
    read: (made) =>
      Object.fromEntries(
        Object.entries(ALARMS).map(([threshold, alarm]) => [
          threshold,
          made.at(`module.alarms.aws_cloudwatch_metric_alarm.this["${alarm}"]`, 'threshold'),
        ]),
      ),
  },
  alarm_kms_key_arn: {
    value: OLD_KEY,
    read: (made) => made.at('module.alarms.aws_sns_topic.this', 'kms_master_key_id'),
  },
};

/** What a domain, or a VPC that is made here, leaves no room for. */
export const inGivenVpc: Readonly<Record<string, Wiring>> = {
  vpc: {
    value: {
      id: 'vpc-1',
      private_subnet_ids: ['subnet-a', 'subnet-b'],
      public_subnet_ids: ['subnet-c', 'subnet-d'],
    },
    expected: [...inEvery(['subnet-a', 'subnet-b']), 'vpc-1', 'subnet-c'],
    read: (given) => [
      ...given.ofEvery('aws_ecs_service', 'network_configuration', 0, 'subnets'),
      given.at('module.endpoint.aws_lb_target_group.this', 'vpc_id'),
      given.at('module.network.data.aws_subnet.given_public[0]', 'id'),
    ],
  },
  rate_limit_store: {
    value: { url_secret_arn: secret, security_group_id: 'sg-1' },
    expected: [undefined, { name: 'RATE_LIMIT_STORE_URL', valueFrom: secret }],
    read: (given) => [
      environment(given, 'url_issuer', 'RATE_LIMIT_STORE_URL'),
      container(given, 'url_issuer', 'secrets', 0),
    ],
  },
  throttle_rate: {
    value: 77,
    read: (given) =>
      given.at(
        'module.endpoint.aws_apigatewayv2_stage.this[0]',
        ...['default_route_settings', 0, 'throttling_rate_limit'],
      ),
  },
  throttle_burst: {
    value: 88,
    read: (given) =>
      given.at(
        'module.endpoint.aws_apigatewayv2_stage.this[0]',
        ...['default_route_settings', 0, 'throttling_burst_limit'],
      ),
  },
};

/** What leaves no room for interface endpoints. */
export const withNat: Readonly<Record<string, Wiring>> = {
  egress: {
    value: 'nat',
    expected: 2,
    read: (made) => made.ofEvery('aws_nat_gateway', 'subnet_id').length,
  },
};
