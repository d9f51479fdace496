export interface Settings {
  /** For how long uploads are made; checking what came of them comes on top. */
  readonly minutes: number;
  /** Sizes, contents, doubles, kills and faults follow from it; what meets what is up to the machine. */
  readonly seed: number;
  /** How many uploads are being sent at once. */
  readonly concurrency: number;
}

const DEFAULT_MINUTES = 10;
const MAX_MINUTES = 7 * 24 * 60;
const DEFAULT_CONCURRENCY = 16;
const MAX_CONCURRENCY = 256;
const MAX_SEED = 999_999_999;

/**
 * Reads MINUTES, SEED and CONCURRENCY; an empty one counts as not set, and a seed that is not set is `newSeed`.
 * @throws RangeError naming the variable, its value and what is allowed
 */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  newSeed: number,
): Settings {
  const read = (name: string, otherwise: number, form: RegExp, most: number, allowed: string): number => {
    const given = environment[name] || String(otherwise);
    const number = form.test(given) ? Number(given) : 0;
    if (number > 0 && number <= most) return number;
    throw new RangeError(`${name} is ${allowed}, not ${JSON.stringify(given)}`);
  };
  const whole = /^\d+$/;
  return {
    minutes: read(
      'MINUTES',
      DEFAULT_MINUTES,
      /^\d+(\.\d+)?$/,
      MAX_MINUTES,
      `a number of minutes above 0, at most ${MAX_MINUTES} (a week)`,
    ),
    seed: read('SEED', newSeed, whole, MAX_SEED, `a whole number from 1 to ${MAX_SEED}`),
    concurrency: read(
      'CONCURRENCY',
      DEFAULT_CONCURRENCY,
      whole,
      MAX_CONCURRENCY,
      `a whole number from 1 to ${MAX_CONCURRENCY}`,
    ),
  };
}
