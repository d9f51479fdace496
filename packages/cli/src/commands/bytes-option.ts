import { UsageError } from '../usage-error.ts';

/** An option that takes a number of bytes. @param name without its dashes @throws UsageError */
export function bytesOf(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} takes a whole number of bytes, not ${JSON.stringify(text)}`);
}
