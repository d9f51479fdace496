import {
  ALARMS,
  INSIGHTS_METRICS,
  installationOf,
  SCALING_ALARM_METRICS,
  SMALL_ALARM_METRICS,
} from './installation.ts';
import { HOURS_A_MONTH, sum } from './lines.ts';
import { readParameters } from './parameters.ts';
import { fixedPart, taskPerHour } from './per-month.ts';
import { amount, type Table } from './tables.ts';

/** What each part of terraform/profile.tf saves a month, in the order in which the table adds them up, and what it gives up. */
export function smallProfileTable(): Table {
  const [standard, small] = [readParameters({}), readParameters({ PROFILE: 'small' })];
  const { prices, zones, installation } = standard;
  const tasks = Object.values(installation.tasks).reduce((count, { minTasks }) => count + minTasks, 0);
  const { acceptor, processor } = installationOf('small').tasks;
  const hours = (dollars: number) => dollars * HOURS_A_MONTH;
  const onDemand = (each: typeof acceptor) => hours(each.minTasks * taskPerHour(each, standard, false));
  const onSpot = (each: typeof acceptor) => hours(each.minTasks * taskPerHour(each, standard, true));
  const alarmMetrics = ALARMS + SCALING_ALARM_METRICS - SMALL_ALARM_METRICS;
  const parts: readonly (readonly [setting: string, saved: number, givesUp: string])[] = [
    [
      '`network.egress = "public"`',
      hours(
        installation.interfaceEndpoints * zones * prices.endpoint.dollars -
          tasks * prices.publicAddress.dollars,
      ),
      'Security: tasks have public addresses, so the rules of their security groups are the only wall. Calls of SQS, ECR and logs leave the VPC, over HTTPS. No fixed address for allow lists',
    ],
    [
      '`endpoint.entry = "service-discovery"`',
      hours(prices.loadBalancer.dollars) -
        prices.hostedZone.dollars +
        alarmMetrics * prices.alarmMetric.dollars,
      'Availability: for some seconds of each deployment, scale-in and crash, requests can fail with 503. No domain of your own, no web ACL',
    ],
    [
      '`container_insights = false`',
      INSIGHTS_METRICS * prices.metric.dollars,
      'Observability: no network and storage figures, and none of single tasks. Consumers scale by a free count, which shows a new task up to a minute later',
    ],
    [
      '`processor`: 0.25 vCPU, 512 MiB, one thread with 128 MiB',
      onDemand(installation.tasks.processor) - onDemand(processor),
      'Throughput: half of the uploads a second for each task, and so at `max_tasks`. One handler that computes at a time',
    ],
    [
      '`acceptor.spot`, `processor.spot`',
      onDemand(acceptor) + onDemand(processor) - onSpot(acceptor) - onSpot(processor),
      'Availability: AWS stops tasks with two minutes’ notice, and while Spot has no capacity uploads wait',
    ],
  ];
  const one = { ...small.installation.tasks['url-issuer'], minTasks: 1 };
  const withOne = {
    ...small,
    installation: { ...small.installation, tasks: { ...small.installation.tasks, 'url-issuer': one } },
  };
  return [
    ['part', 'saves a month', 'gives up'],
    ...parts.map(([setting, saved, givesUp]) => [setting, amount(saved), givesUp]),
    ['**fixed part of the standard profile**', `**${amount(sum(fixedPart(standard)))}**`, ''],
    ['**of the small profile**', `**${amount(sum(fixedPart(small)))}**`, 'two tasks of the url-issuer'],
    [
      '**of the small profile, `url_issuer.min_tasks = 1`**',
      `**${amount(sum(fixedPart(withOne)))}**`,
      'no forms while the only task is replaced, or its zone fails',
    ],
  ];
}
