export interface Settings {
  /** How many small uploads are measured. */
  readonly uploads: number;
  /** How many of them are under way at once. */
  readonly concurrency: number;
  /** The size of the one big upload. */
  readonly bigMib: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The largest file that a form takes (Amazon S3 API Reference, "POST Object"). */
const MAX_BIG_MIB = 5 * 1024;

/** Reads UPLOADS, CONCURRENCY and BIG_MIB. @throws RangeError as `wholeNumber` */
export function readSettings(environment: Environment): Settings {
  return {
    uploads: wholeNumber(environment, 'UPLOADS', 300, 1_000_000),
    concurrency: wholeNumber(environment, 'CONCURRENCY', 8, 256),
    bigMib: wholeNumber(environment, 'BIG_MIB', 2048, MAX_BIG_MIB),
  };
}

/** From 1 to `most`; an empty variable counts as not set. @throws RangeError naming the variable */
export function wholeNumber(environment: Environment, name: string, otherwise: number, most: number): number {
  const given = environment[name] || String(otherwise);
  const number = /^\d+$/.test(given) ? Number(given) : 0;
  if (number >= 1 && number <= most) return number;
  throw new RangeError(
    `${name}: a whole number from 1 to ${most} was expected, not ${JSON.stringify(given)}`,
  );
}
