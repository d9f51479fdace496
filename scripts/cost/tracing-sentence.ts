import { tracedProcessorGib } from './installation.ts';
import { HOURS_A_MONTH } from './lines.ts';
import { readParameters } from './parameters.ts';
import { amount } from './tables.ts';

/** What tracing adds to the defaults: computed for Terraform's, by the price of X-Ray without Transaction Search. */
export function tracingSentence(): string {
  const { prices, zones, installation } = readParameters({});
  const endpoints = zones * prices.endpoint.dollars * HOURS_A_MONTH;
  const memory = tracedProcessorGib() * prices.fargateArmMemory.dollars * HOURS_A_MONTH;
  const share = installation.tracedShare;
  return [
    `\`tracing\` adds ${amount(endpoints)} a month, for an interface endpoint of X-Ray in ${zones} zones; with \`network.egress = "nat"\`, or in your own VPC, none.`,
    `The collectors run in the tasks that you pay for anyway, but each task of the processor gets more memory: ${amount(memory)} a month. Without Transaction Search (\`exporter = "awsxray"\`), X-Ray costs ${amount(prices.xrayTraces.dollars)} for a`,
    `million traces: ${amount(share * prices.xrayTraces.dollars)} for a million uploads if ${share * 100} % of them have one. With it, CloudWatch charges for the gigabytes of the`,
    `spans: read its price for your region. An upload has eleven spans.`,
  ].join('\n');
}
