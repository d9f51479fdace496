import type { Prices } from '../prices.ts';
import type { Plan } from './planned-resources.ts';
import { FREE, PRICED } from './price-list.ts';
import type { ResourceCost } from './resource-cost.ts';

/** What several resources of one name cost: those that count or for_each makes of one. */
export interface PricedResource extends ResourceCost {
  readonly address: string;
  readonly count: number;
}

export interface PricedPlan {
  /** What costs something, by its address. */
  readonly priced: readonly PricedResource[];
  /** What AWS charges nothing for: its type, how many, and why. */
  readonly free: readonly { readonly type: string; readonly count: number; readonly reason: string }[];
  /** Dollars a month. */
  readonly fixed: number;
  /** What is in no sum: what a plan does not say, and each type without a price. */
  readonly unknown: readonly string[];
}

/** What a plan costs by list prices. Free tiers, discounts and taxes are not counted. */
export function pricePlan(plan: Plan, prices: Prices): PricedPlan {
  const groups = Map.groupBy(plan.resources, ({ address }) => address.replaceAll(/\[[^\]]*\](?=$|\.)/g, ''));
  const priced: PricedResource[] = [];
  const free = new Map<string, number>();
  for (const [address, resources] of groups) {
    const type = resources[0]?.type ?? '';
    if (Object.hasOwn(FREE, type)) {
      free.set(type, (free.get(type) ?? 0) + resources.length);
      continue;
    }
    const pricing = Object.hasOwn(PRICED, type) ? PRICED[type] : undefined;
    const each = resources.map((resource) =>
      pricing
        ? pricing(resource, plan, prices)
        : { fixed: 0, byUse: [], unknown: [`its price: ${type} is not in the price list`] },
    );
    priced.push({
      address,
      count: resources.length,
      fixed: each.reduce((sum, { fixed }) => sum + fixed, 0),
      byUse: distinct(each.flatMap(({ byUse }) => byUse)),
      unknown: distinct(each.flatMap(({ unknown }) => unknown)),
    });
  }
  return {
    priced,
    free: [...free].map(([type, count]) => ({ type, count, reason: FREE[type] ?? '' })),
    fixed: priced.reduce((sum, { fixed }) => sum + fixed, 0),
    unknown: priced.flatMap(({ address, unknown }) => unknown.map((what) => `${address}: ${what}`)),
  };
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
