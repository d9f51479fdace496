import type { Prices } from '../prices.ts';
import type { Plan, PlannedResource } from './planned-resources.ts';

/** What a resource costs. */
export interface ResourceCost {
  /** Dollars a month, whether it is used or not. */
  readonly fixed: number;
  /** What is paid for by use, with its price. */
  readonly byUse: readonly string[];
  /** What its plan does not say, so it is in no sum. */
  readonly unknown: readonly string[];
}

export type Pricing = (resource: PlannedResource, plan: Plan, prices: Prices) => ResourceCost;

/** @param fixed dollars a month */
export function costs(
  fixed: number,
  byUse: readonly string[] = [],
  unknown: readonly string[] = [],
): ResourceCost {
  return { fixed, byUse, unknown };
}

/** A price as it stands in a table: "$5 per million requests". */
export function rate({ dollars, unit }: { readonly dollars: number; readonly unit: string }): string {
  return `$${dollars} per ${unit}`;
}

/** The blocks of a type in a resource, as Terraform's JSON has them. */
export function blocks(value: unknown, name: string): readonly Readonly<Record<string, unknown>>[] {
  const found = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  return Array.isArray(found) ? found : [];
}
