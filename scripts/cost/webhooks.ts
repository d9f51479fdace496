import type { MetricName } from '@upload-once/runtime';
import { metricsOfEachUpload } from './installation.ts';

/** What a webhook for each upload adds, if its endpoint takes the first attempt: read from the code, not counted by the bench. */
export const A_WEBHOOK = {
  /** The processor sends its event; the webhook-sender receives and deletes it, perhaps with others. */
  sqsCalls: 3,
  /** The upload's item. */
  readUnits: 1,
  /** The line that it was delivered: an estimate. */
  logBytes: 400,
  /** Request and response, through the NAT gateway: an estimate. */
  dataBytes: 3_000,
} as const;

export const NO_WEBHOOK = { sqsCalls: 0, readUnits: 0, logBytes: 0, dataBytes: 0 } as const;

/** Each delivery writes these. */
export const METRICS_OF_A_WEBHOOK: readonly string[] = [
  ...(['WebhooksDelivered', 'WebhookLeadTime'] satisfies MetricName[]),
  ...metricsOfEachUpload((service) => service === 'webhook-sender'),
];

/** What modules/alarms makes beyond its other alarms, each on one metric. */
export const WEBHOOK_ALARMS = 9;

/** Of the webhook-sender's backlog and CPU: two alarms with three metrics, two with one. */
export const WEBHOOK_SCALING_METRICS = 2 * (3 + 1);

/** Of Container Insights for one more service and its task definition: see INSIGHTS_METRICS. */
export const WEBHOOK_INSIGHTS_METRICS = 10 * 2 + 5;
