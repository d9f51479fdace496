import type { MetricName } from '@upload-once/runtime';

/** What AWS itself measures, by the name under which modules/alarms has its lines. No service can give it to another collector. */
export type AwsLines =
  | 'entry-errors'
  | 'uploads-refused'
  | 'queue-age'
  | 'queue-depth'
  | 'task-load'
  | 'task-failures';

/** The statistic of a line, in CloudWatch's words. */
export type Statistic = 'Sum' | 'Maximum' | 'Average' | 'p50' | 'p99';

export interface Panel {
  readonly title: string;
  /** One line for each of these, each metric and each service that writes it. */
  readonly statistics: readonly Statistic[];
  readonly metrics: readonly MetricName[];
  /** Metrics with a dimension of their own: one line for each of its values. */
  readonly split: readonly MetricName[];
  readonly aws: readonly AwsLines[];
  /** Whether it is there only with webhooks. */
  readonly isOfWebhooks: boolean;
}

const NONE = { metrics: [], split: [], aws: [], isOfWebhooks: false } as const;

/** The panels of both dashboards, CloudWatch's and Grafana's, in their order. Each metric of the code is in one of them. */
export const PANELS: readonly Panel[] = [
  {
    ...NONE,
    title: 'Uploads',
    statistics: ['Sum'],
    metrics: ['UploadsIssued', 'UploadsAccepted', 'UploadsProcessed'],
  },
  {
    ...NONE,
    title: 'Kept apart',
    statistics: ['Sum'],
    metrics: [
      'DuplicateUploads',
      'IdenticalDuplicates',
      'OrphanObjects',
      'RevokedUploads',
      'StoredBeforeRevocation',
    ],
  },
  {
    ...NONE,
    title: 'From stored to accepted, and to processed (ms)',
    statistics: ['p50', 'p99'],
    metrics: ['AcceptTime', 'LeadTime'],
  },
  {
    ...NONE,
    title: 'Steps: issued to stored (not by links), wait in a queue, handler (ms)',
    statistics: ['p50', 'p99'],
    metrics: ['UploadTime', 'QueueTime', 'HandlerTime'],
  },
  {
    ...NONE,
    title: 'Processor: age of uploads that find no place (ms)',
    statistics: ['Maximum'],
    metrics: ['WaitingTime'],
  },
  { ...NONE, title: 'Bytes accepted', statistics: ['Sum'], metrics: ['BytesAccepted'] },
  {
    ...NONE,
    title: 'Failures',
    statistics: ['Sum'],
    metrics: [
      'MessagesRetried',
      'MessagesUndeleted',
      'WorkCutOff',
      'MessagesDeadLettered',
      'ProcessingFailed',
    ],
  },
  {
    ...NONE,
    title: 'Issuer: time to respond (ms)',
    statistics: ['p50', 'p99'],
    metrics: ['RequestTime'],
  },
  {
    ...NONE,
    title: 'Issuer: responses with 5xx',
    statistics: ['Sum'],
    metrics: ['ServerErrors'],
    aws: ['entry-errors'],
  },
  {
    ...NONE,
    title: 'Issuer: rates that one task counted by its local fallback',
    statistics: ['Sum'],
    metrics: ['RatesCountedLocally'],
  },
  {
    ...NONE,
    title: 'Issuer: requests refused, by reason',
    statistics: ['Sum'],
    split: ['RequestsRefused'],
  },
  { ...NONE, title: 'Messages in flight', statistics: ['Maximum'], metrics: ['MessagesInFlight'] },
  {
    ...NONE,
    title: 'Together in one call: messages, new uploads',
    statistics: ['Average'],
    metrics: ['MessagesTogether', 'UploadsTogether'],
  },
  { ...NONE, title: 'Event-loop delay (ms)', statistics: ['Maximum'], metrics: ['EventLoopDelay'] },
  {
    ...NONE,
    title: 'S3: requests under uploads/ that failed',
    statistics: ['Sum'],
    aws: ['uploads-refused'],
  },
  { ...NONE, title: 'Age of the oldest event (s)', statistics: ['Maximum'], aws: ['queue-age'] },
  { ...NONE, title: 'Events waiting, in flight and dead', statistics: ['Maximum'], aws: ['queue-depth'] },
  {
    ...NONE,
    title: 'Tasks: processor time and memory (%)',
    statistics: ['Average'],
    aws: ['task-load'],
  },
  {
    ...NONE,
    title: 'Audit: runs, findings',
    statistics: ['Sum'],
    metrics: ['AuditRan', 'AuditFindings'],
  },
  { ...NONE, title: 'Tasks that failed', statistics: ['Sum'], aws: ['task-failures'] },
  {
    ...NONE,
    title: 'Webhooks',
    statistics: ['Sum'],
    metrics: [
      'WebhooksDelivered',
      'WebhookAttemptsFailed',
      'WebhooksUnsent',
      'WebhookEndpointsGone',
      'WebhookEventsLost',
    ],
    isOfWebhooks: true,
  },
  {
    ...NONE,
    title: 'Webhooks: from an event to its delivery (ms)',
    statistics: ['p50', 'p99'],
    metrics: ['WebhookLeadTime'],
    isOfWebhooks: true,
  },
];
