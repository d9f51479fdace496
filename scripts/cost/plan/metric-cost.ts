import { metricsOfEachUpload } from '../installation.ts';
import { METRICS_OF_A_WEBHOOK } from '../webhooks.ts';
import { blocks, costs, type Pricing, rate } from './resource-cost.ts';
import { serviceOfModule } from './service-of-module.ts';

/** Each metric of an alarm is charged for; one of a query as often as the query reads one. */
export const alarmCost: Pricing = ({ values }, _, prices) => {
  const queries = blocks(values, 'metric_query').filter((query) => blocks(query, 'metric').length > 0).length;
  return costs(Math.max(1, queries) * prices.alarmMetric.dollars);
};

/** Target tracking makes an alarm for more tasks and one for fewer, each on all metrics of its policy. */
export const scalingPolicyCost: Pricing = ({ values }, _, prices) => {
  const [target] = blocks(values, 'target_tracking_scaling_policy_configuration');
  if (target === undefined) return costs(0, [], ['its alarms, which are made elsewhere']);
  const [customized] = blocks(target, 'customized_metric_specification');
  const read = blocks(customized, 'metrics').filter(
    (metric) => blocks(metric, 'metric_stat').length > 0,
  ).length;
  const alarms = target['disable_scale_in'] === true ? 1 : 2;
  return costs(alarms * Math.max(1, read) * prices.alarmMetric.dollars);
};

/** A service's log lines, and the metrics that upload-once makes of them. */
export const logGroupCost: Pricing = ({ module }, _, prices) => {
  const byUse = [rate(prices.logsIngested), rate(prices.logsStored)];
  const service = serviceOfModule(module);
  if (service === undefined) return costs(0, byUse);
  const metrics =
    service === 'webhook-sender'
      ? METRICS_OF_A_WEBHOOK.length
      : metricsOfEachUpload((writer) => writer === service).length;
  const ofFailures = `${rate(prices.metric)} of failures, for the hours that have some`;
  return costs(metrics * prices.metric.dollars, [...byUse, ofFailures]);
};
