import { createApiKey } from '@upload-once/access';
import { printable } from '@upload-once/text/printable';
import { inShell } from '../../in-shell.ts';
import { UsageError } from '../../usage-error.ts';
import { assertValueIsKept, deliverValue, KEEPING_OUTPUT } from './deliver-value.ts';
import { describeKey } from './describe-key.ts';
import type { PrepareAction } from './keys-io.ts';
import { parseOptions, settingsFrom, settingsOptions } from './options.ts';

export const prepareCreate: PrepareAction = (args, io) => {
  const { values, positionals, table, keysCommandFor } = parseOptions(args, settingsOptions);
  if (positionals.length > 0)
    throw new UsageError(`"keys create" takes options only, not ${JSON.stringify(positionals[0])}`);
  const settings = settingsFrom(values);
  assertValueIsKept(io);
  return {
    table,
    async run(making, tell) {
      const { value, key } = await createApiKey(settings, making, ({ keyId }) =>
        tell(
          `The key ${keyId} may have been made. Its value was not shown, and can't be shown again.\nRun "${keysCommandFor('list')}" in a minute. If it shows the key ${keyId}, delete the key:\n  ${keysCommandFor(`delete ${keyId}`)}\nIn either case, make another key after that.`,
        ),
      );
      await deliverValue(
        value,
        `Made ${describeKey(key)}.`,
        `the key ${key.keyId} was made, and its value is lost`,
        [
          `Delete the key:\n     ${keysCommandFor(`delete ${key.keyId}`)}`,
          `${KEEPING_OUTPUT} Then make another key:\n     upload-once keys create ${printable(args.map(inShell).join(' '))}`,
        ],
        io,
      );
      tell(`The key ${key.keyId} was made, and its value was written to standard output.`);
    },
  };
};
