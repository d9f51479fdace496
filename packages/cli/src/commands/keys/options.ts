import type { ParseArgsOptionsConfig } from 'node:util';
import type { ApiKeySettings } from '@upload-once/access';
import { printable } from '@upload-once/text/printable';
import { inShell } from '../../in-shell.ts';
import { UsageError } from '../../usage-error.ts';
import { parseCommandLine } from '../parse-command-line.ts';

export const DEFAULT_RATE_PER_SECOND = 10;
export const DEFAULT_BURST = 20;

/**
 * A `keys` command to be copied, for the table that another one was run on: `upload-once keys list --table access-1`.
 *
 * @param words what follows `keys`
 * @param table what the other command's `--table` named
 */
function keysCommandFor(words: string, table: string | undefined): string {
  return `upload-once keys ${words}${table === undefined ? '' : ` --table ${printable(inShell(table))}`}`;
}

/** Whose key it is and what it may do; the limits that have no default are none where they are not given. */
export const settingsOptions = {
  name: { type: 'string' },
  rate: { type: 'string' },
  burst: { type: 'string' },
  quota: { type: 'string' },
  types: { type: 'string' },
  'max-bytes': { type: 'string' },
} as const;

/** @throws UsageError */
export function parseOptions<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  const parsed = parseCommandLine({
    args: [...args],
    allowPositionals: true,
    options: { ...options, table: { type: 'string' } },
  });
  const { table } = parsed.values as { table?: string };
  if (table?.trim() === '') throw new UsageError('--table is blank: the name of the table was expected');
  return { ...parsed, table, keysCommandFor: (words: string) => keysCommandFor(words, table) };
}

/** @throws UsageError for what is no number or has no name; whether a number is allowed says the key itself */
export function settingsFrom(
  values: Readonly<Partial<Record<keyof typeof settingsOptions, string>>>,
): ApiKeySettings {
  if (values.name === undefined) throw new UsageError('--name is missing: whose key is it?');
  return {
    name: values.name,
    ratePerSecond: numberOption('--rate', values.rate) ?? DEFAULT_RATE_PER_SECOND,
    burst: numberOption('--burst', values.burst) ?? DEFAULT_BURST,
    ...given('dailyQuota', numberOption('--quota', values.quota)),
    ...given('maxBytes', numberOption('--max-bytes', values['max-bytes'])),
    ...given('allowedContentTypes', values.types === undefined ? undefined : typesFrom(values.types)),
  };
}

/** `image/png,application/pdf` */
export function typesFrom(text: string): string[] {
  return text.split(',').map((type) => type.trim().toLowerCase());
}

function given<Name extends string, Value>(name: Name, value: Value | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { [name in Name]?: Value };
}

/** @throws UsageError */
export function numberOption(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value))
    throw new UsageError(`${option}: a number was expected, not ${JSON.stringify(text)}`);
  return value;
}

/** The one id behind the command's name. @throws UsageError */
export function keyIdFrom(command: string, positionals: readonly string[]): string {
  const [keyId, ...more] = positionals;
  if (keyId === undefined)
    throw new UsageError(`"keys ${command}" is followed by the id of a key; "keys list" shows them`);
  if (more.length > 0) throw new UsageError(`"keys ${command}" takes one id, not ${positionals.length}`);
  // A user who types the key itself has it in the shell's history now: it is not repeated here as well.
  if (!/^[0-9a-f]{16}$/.test(keyId)) {
    throw new UsageError(
      `"keys ${command}" takes the id of a key, 16 hexadecimal digits, not the key itself; "keys list" shows the ids`,
    );
  }
  return keyId;
}
