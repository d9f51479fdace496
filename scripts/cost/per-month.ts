import { percentile } from '../../bench/percentile.ts';
import type { UploadKind, UploadResults } from '../../bench/uploads/results.ts';
import { SERVICES } from '../../bench/uploads/totals.ts';
import {
  ALARMS,
  INSIGHTS_METRICS,
  METRICS_OF_AN_UPLOAD,
  SCALING_ALARM_METRICS,
  SMALL_ALARM_METRICS,
  type Tasks,
} from './installation.ts';
import { type CostLine, HOURS_A_MONTH, POLLS_A_MONTH, sum } from './lines.ts';
import type { Parameters } from './parameters.ts';
import { perMillion, perMillionInAll } from './per-upload.ts';
import { serverlessPerMillion } from './serverless.ts';
import {
  METRICS_OF_A_WEBHOOK,
  WEBHOOK_ALARMS,
  WEBHOOK_INSIGHTS_METRICS,
  WEBHOOK_SCALING_METRICS,
} from './webhooks.ts';

const MILLION = 1e6;
const SECONDS_A_MONTH = HOURS_A_MONTH * 3600;
/** How busy a task is when another one starts: modules/service/autoscaling.tf. */
const BUSY_SHARE = 0.6;
/** Of a public load balancer, or of the NAT gateways: one in each zone. */
const ADDRESSES_A_ZONE = 1;

/** What is paid for, whether anything is uploaded or not. */
export function fixedPart(parameters: Parameters): CostLine[] {
  const { prices, zones, installation, egress, profile, hasDomain, hasKmsKey, hasWebhooks } = parameters;
  const isSmall = profile === 'small';
  const ofWebhooks = (count: number) => (hasWebhooks ? count : 0);
  const tasks = [
    ...SERVICES.map((service) => ({
      ...installation.tasks[service],
      isOnSpot: isOnSpot(service, parameters),
    })),
    ...(hasWebhooks ? [{ ...installation.webhookTasks, isOnSpot: isSmall }] : []),
  ];
  const count = tasks.reduce((sofar, { minTasks }) => sofar + minTasks, 0);
  const consumers = count - installation.tasks['url-issuer'].minTasks;
  const endpoints = installation.interfaceEndpoints * zones;
  const ofZones = ADDRESSES_A_ZONE * zones * (Number(hasDomain) + Number(egress === 'nat'));
  const addresses = ofZones + (egress === 'public' ? count : 0);
  const alarmMetrics =
    (isSmall ? SMALL_ALARM_METRICS : ALARMS - Number(hasDomain) + SCALING_ALARM_METRICS) +
    ofWebhooks(WEBHOOK_ALARMS + WEBHOOK_SCALING_METRICS);
  const insightsMetrics = isSmall ? 0 : INSIGHTS_METRICS + ofWebhooks(WEBHOOK_INSIGHTS_METRICS);
  const metrics = METRICS_OF_AN_UPLOAD.length + ofWebhooks(METRICS_OF_A_WEBHOOK.length);
  const monthly = (price: { readonly dollars: number }) => price.dollars * HOURS_A_MONTH;
  return [
    {
      name: `Fargate: ${count} tasks`,
      dollars: tasks.reduce(
        (sofar, each) => sofar + each.minTasks * taskPerHour(each, parameters, each.isOnSpot) * HOURS_A_MONTH,
        0,
      ),
    },
    {
      name: `VPC: ${zones} NAT gateways`,
      dollars: egress === 'nat' ? zones * monthly(prices.natGateway) : 0,
    },
    {
      name: `VPC: ${endpoints} interface endpoints`,
      dollars: egress === 'endpoints' ? endpoints * monthly(prices.endpoint) : 0,
    },
    { name: 'Load balancer', dollars: isSmall ? 0 : monthly(prices.loadBalancer) },
    { name: 'Cloud Map: hosted zone', dollars: isSmall ? prices.hostedZone.dollars : 0 },
    { name: `VPC: ${addresses} public addresses`, dollars: addresses * monthly(prices.publicAddress) },
    {
      name: `CloudWatch: ${insightsMetrics} metrics of Container Insights`,
      dollars: insightsMetrics * prices.metric.dollars,
    },
    {
      name: `CloudWatch: ${metrics} metrics of the services`,
      dollars: metrics * prices.metric.dollars,
    },
    {
      name: `CloudWatch: ${alarmMetrics} metrics of alarms`,
      dollars: alarmMetrics * prices.alarmMetric.dollars,
    },
    { name: 'CloudWatch: dashboard', dollars: prices.dashboard.dollars },
    {
      name: 'SQS: polls of empty queues',
      dollars: (consumers * POLLS_A_MONTH * prices.sqsRequests.dollars) / MILLION,
    },
    { name: 'KMS: key', dollars: hasKmsKey ? prices.kmsKey.dollars : 0 },
  ].filter(({ dollars }) => dollars > 0);
}

/** Dollars a month, by the number of uploads. */
export type Monthly = (uploads: number) => number;

/** @param storage whether what is kept afterwards counts: the serverless design keeps no record */
export function monthlyOf(
  results: UploadResults,
  kind: UploadKind,
  parameters: Parameters,
  storage: 'with storage' | 'without storage',
): Monthly {
  const fixed = sum(fixedPart(parameters));
  const ofMillion = perMillion(results, kind, parameters.load, parameters);
  const each = (storage === 'with storage' ? perMillionInAll(ofMillion) : sum(ofMillion.use)) / MILLION;
  return (uploads) => fixed + uploads * each + moreTasks(results, kind, uploads, parameters);
}

export function serverlessMonthly(parameters: Parameters): Monthly {
  const each = sum(serverlessPerMillion(parameters)) / MILLION;
  return (uploads) => uploads * each;
}

/** What tasks cost beyond the least number, if uploads come evenly: by the CPU that the bench measured on its machine. */
export function moreTasks(
  { rounds }: UploadResults,
  kind: UploadKind,
  uploads: number,
  parameters: Parameters,
): number {
  return SERVICES.reduce((sofar, service) => {
    const cpuSeconds =
      percentile(
        rounds.map((round) => round[kind][service].cpuMicroseconds),
        50,
      ) / 1e6;
    const each = parameters.installation.tasks[service];
    const tasks = ((uploads / SECONDS_A_MONTH) * cpuSeconds) / (each.vcpu * BUSY_SHARE);
    return (
      sofar +
      Math.max(0, tasks - each.minTasks) *
        taskPerHour(each, parameters, isOnSpot(service, parameters)) *
        HOURS_A_MONTH
    );
  }, 0);
}

/** From how many uploads a month the first is no dearer than the second; undefined if that is never so below `MOST_UPLOADS`. */
export function breakEven(first: Monthly, second: Monthly): number | undefined {
  let below = 1;
  for (let above = 1; above <= MOST_UPLOADS; above *= 1.01) {
    if (first(above) <= second(above)) return bisect(below, above, first, second);
    below = above;
  }
  return undefined;
}

/** More than S3's clients could send to one account. */
const MOST_UPLOADS = 1e11;

function bisect(from: number, to: number, first: Monthly, second: Monthly): number {
  let [below, above] = [from, to];
  while (above - below > 1) {
    const middle = (below + above) / 2;
    if (first(middle) <= second(middle)) above = middle;
    else below = middle;
  }
  return Math.round(above);
}

/** All consumers of the small profile; the url-issuer never. */
function isOnSpot(service: (typeof SERVICES)[number], { profile }: Parameters): boolean {
  return profile === 'small' && service !== 'url-issuer';
}

/** Dollars for an hour of a task. */
export function taskPerHour(
  { vcpu, memoryGib }: Tasks,
  { prices, architecture }: Parameters,
  isSpot: boolean,
): number {
  if (isSpot) {
    return architecture === 'ARM64'
      ? vcpu * prices.fargateSpotArmCpu.dollars + memoryGib * prices.fargateSpotArmMemory.dollars
      : vcpu * prices.fargateSpotX86Cpu.dollars + memoryGib * prices.fargateSpotX86Memory.dollars;
  }
  return architecture === 'ARM64'
    ? vcpu * prices.fargateArmCpu.dollars + memoryGib * prices.fargateArmMemory.dollars
    : vcpu * prices.fargateX86Cpu.dollars + memoryGib * prices.fargateX86Memory.dollars;
}
