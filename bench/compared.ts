import { median } from './percentile.ts';
import { type Ratios, ratiosOf, shownRatios } from './ratios.ts';

/** What a bench measured of several programs: round n of each beside round n of the others. */
export interface Compared<Figure extends string> {
  /** See `machineLine`. */
  readonly machine: string;
  readonly results: readonly {
    readonly name: string;
    readonly rounds: readonly Readonly<Record<Figure, number>>[];
  }[];
}

/** @throws RangeError when one of both was not measured */
export function ratiosTo<Figure extends string>(
  compared: Compared<Figure>,
  { name, baseline, figure }: { readonly name: string; readonly baseline: string; readonly figure: Figure },
): Ratios {
  return ratiosOf(figuresOf(compared, name, figure), figuresOf(compared, baseline, figure));
}

/** @throws RangeError when it was not measured */
export function medianOf<Figure extends string>(
  compared: Compared<Figure>,
  name: string,
  figure: Figure,
): number {
  return median(figuresOf(compared, name, figure));
}

function figuresOf<Figure extends string>(
  { results }: Compared<Figure>,
  name: string,
  figure: Figure,
): number[] {
  const found = results.find((result) => result.name === name);
  if (!found) throw new RangeError(`not measured: ${name}`);
  return found.rounds.map((round) => round[figure]);
}

export interface Column<Figure extends string> {
  readonly title: string;
  readonly figure: Figure;
  readonly unit?: string;
  /** Default 0. */
  readonly digits?: number;
  /** Of a figure that can be zero in the baseline: only the figure itself is shown. */
  readonly hasNoRatio?: boolean;
}

/** A heading, and a row for each program: medians, each beside its ratio to the baseline, the median (least–most) of the rounds. */
export function comparedRows<Figure extends string>(
  compared: Compared<Figure>,
  baseline: string,
  columns: readonly Column<Figure>[],
): string[][] {
  const heading = columns.flatMap(({ title, hasNoRatio }) =>
    hasNoRatio ? [title] : [title, `× ${baseline}`],
  );
  const rows = compared.results.map(({ name }) => [
    name,
    ...columns.flatMap(({ figure, unit, digits = 0, hasNoRatio }) => {
      const figures = medianOf(compared, name, figure).toFixed(digits);
      const shown = unit ? `${figures} ${unit}` : figures;
      return hasNoRatio ? [shown] : [shown, shownRatios(ratiosTo(compared, { name, baseline, figure }))];
    }),
  ]);
  return [['', ...heading], ...rows];
}
