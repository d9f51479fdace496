import { median, percentile } from './percentile.ts';

export interface Ratios {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Of the figures of each round to those of the baseline in the same round, so that other work on the machine falls on both. */
export function ratiosOf(figures: readonly number[], baseline: readonly number[]): Ratios {
  const ratios = figures.map((figure, round) => figure / (baseline[round] ?? Number.NaN));
  return { median: median(ratios), least: percentile(ratios, 0), most: percentile(ratios, 100) };
}

/** The median, and in parentheses the least and the most. */
export function shownRatios({ median, least, most }: Ratios): string {
  const digits = median < 10 ? 2 : 1;
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}
