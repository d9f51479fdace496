import type { UploadResults } from '../../bench/uploads/results.ts';
import { sum } from './lines.ts';
import { readParameters } from './parameters.ts';
import { fixedPart } from './per-month.ts';
import { perMillion } from './per-upload.ts';
import { amount } from './tables.ts';

/** What webhooks add to the defaults, and to an installation that has NAT gateways anyway. */
export function webhooksSentence(results: UploadResults): string {
  const [plain, nat, webhooks] = [{}, { EGRESS: 'nat' }, { WEBHOOKS: 'yes' }].map((environment) => {
    const parameters = readParameters(environment);
    return {
      month: sum(fixedPart(parameters)),
      million: sum(perMillion(results, 'form', parameters.load, parameters).use),
    };
  });
  if (!plain || !nat || !webhooks) throw new Error('three are compared');
  return [
    `\`webhooks\` adds ${amount(webhooks.month - plain.month)} a month: ${amount(webhooks.month - nat.month)} for a task with its`,
    `metrics and alarms, and ${amount(nat.month - plain.month)} for NAT gateways in place of interface endpoints. A million uploads with one webhook each`,
    `cost ${amount(webhooks.million - plain.million)} more. \`make cost WEBHOOKS=yes\` has the lines.`,
  ].join(' ');
}
