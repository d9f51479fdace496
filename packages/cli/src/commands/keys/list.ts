import { type ApiKeySecret, type KeyWithSecrets, liveSecrets } from '@upload-once/access';
import { byteSize } from '@upload-once/text/byte-size';
import { printable } from '@upload-once/text/printable';
import { OutputFailed } from '../../output-failed.ts';
import { UsageError } from '../../usage-error.ts';
import type { PrepareAction } from './keys-io.ts';
import { parseOptions } from './options.ts';

const HEADING = ['ID', 'NAME', 'STATE', 'RATE', 'BURST', 'A DAY', 'SIZE', 'CONTENT TYPES', 'VALUES OF'];

export const prepareList: PrepareAction = (args, io) => {
  const { values, positionals, table, keysCommandFor } = parseOptions(args, { json: { type: 'boolean' } });
  if (positionals.length > 0)
    throw new UsageError(`"keys list" takes options only, not ${JSON.stringify(positionals[0])}`);
  return {
    table,
    async run({ store, now }) {
      const keys = await store.listKeys();
      const write = (text: string) => {
        try {
          return io.stdout.write(text);
        } catch (error) {
          if (!(error instanceof OutputFailed)) throw error;
          const again = keysCommandFor(values.json ? 'list --json' : 'list');
          throw new OutputFailed(
            `${error.message}. The list is incomplete. Run the command again with another output file:\n  ${again}`,
            { cause: error },
          );
        }
      };
      if (values.json) {
        for (const listed of keys) write(`${JSON.stringify(jsonOf(listed, now()))}\n`);
      } else if (keys.length === 0) {
        io.stderr.write(`There are no keys yet; "${keysCommandFor('create')}" makes one.\n`);
      } else {
        write(textTable([HEADING, ...keys.map((listed) => rowOf(listed, now()))]));
      }
    },
  };
};

function rowOf({ key, secrets }: KeyWithSecrets, now: Date): string[] {
  return [
    key.keyId,
    printable(key.name),
    key.enabled ? 'enabled' : 'disabled',
    `${key.ratePerSecond}/s`,
    String(key.burst),
    key.dailyQuota === undefined ? '–' : String(key.dailyQuota),
    key.maxBytes === undefined ? '–' : byteSize(key.maxBytes),
    key.allowedContentTypes?.join(', ') ?? 'any',
    liveSecrets(secrets, now).map(ageOf).join(', ') || 'none: nothing opens it',
  ];
}

/** `2030-01-01`, `2030-01-01 (until 2030-02-01 12:00)` */
function ageOf({ createdAt, expiresAt }: ApiKeySecret): string {
  const made = createdAt.toISOString().slice(0, 10);
  return expiresAt ? `${made} (until ${expiresAt.toISOString().slice(0, 16).replace('T', ' ')})` : made;
}

/** For programs: the key as it stands, and when its values were made. The hash is left out: programs have no use for it. */
function jsonOf({ key, secrets }: KeyWithSecrets, now: Date) {
  return { ...key, values: liveSecrets(secrets, now).map(({ sha256: _, ...times }) => times) };
}

/** Rows in columns as wide as their widest cell; the last column is as wide as it is. */
function textTable(rows: readonly (readonly string[])[]): string {
  const widths = HEADING.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
