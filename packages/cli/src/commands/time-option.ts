import { UsageError } from '../usage-error.ts';

const MAX_SECONDS = 2_147_483;

/** `--timeout`, in seconds. @throws UsageError */
export function timeoutOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new UsageError(
    `--timeout takes a number of seconds, more than 0 and at most ${MAX_SECONDS}, not ${JSON.stringify(text)}`,
  );
}
