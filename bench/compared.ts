import { percentile } from './percentile.ts';
import { type Ratios, ratiosOf } from './ratios.ts';

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
  return percentile(figuresOf(compared, name, figure), 50);
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
