import { amount, type Table } from '../tables.ts';
import type { PricedPlan } from './price-plan.ts';

/** A row for each resource that costs something, the dearest first. */
export function planTable({ priced, fixed }: PricedPlan): Table {
  const rows = priced.toSorted((a, b) => b.fixed - a.fixed || (a.address < b.address ? -1 : 1));
  return [
    ['resource', 'dollars a month', 'by use', 'unknown'],
    ...rows.map(({ address, count, fixed: dollars, byUse, unknown }) => [
      count === 1 ? address : `${address} (${count})`,
      dollars > 0 ? amount(dollars) : '',
      byUse.join('; '),
      unknown.join('; '),
    ]),
    ['fixed part', amount(fixed), '', ''],
  ];
}

/** What no row has: what is free, and what is in no sum. */
export function planSentences({ free, unknown }: PricedPlan): string {
  return [
    `Free: ${free.map(({ type, count }) => `${type} (${count})`).join(', ')}`,
    unknown.length === 0
      ? 'Nothing of the fixed part is unknown.'
      : ['Unknown, and in no sum:', ...unknown.map((what) => `- ${what}`)].join('\n'),
  ].join('\n\n');
}
