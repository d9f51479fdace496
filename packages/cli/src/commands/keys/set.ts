import { type ApiKeyChange, changeApiKey } from '@upload-once/access';
import { UsageError } from '../../usage-error.ts';
import { describeKey } from './describe-key.ts';
import { notKnown, type PrepareAction } from './keys-io.ts';
import { keyIdFrom, numberOption, parseOptions, settingsOptions, typesFrom } from './options.ts';

/** What takes a limit away that a key need not have. */
const NONE = 'none';

export const prepareSet: PrepareAction = (args, io) => {
  const { values, positionals, table, keysCommandFor } = parseOptions(args, settingsOptions);
  const keyId = keyIdFrom('set', positionals);
  const change = changeFrom(values);
  if (Object.keys(change).length === 0) {
    const options = Object.keys(settingsOptions).map((name) => `--${name}`);
    throw new UsageError(`"keys set" changes what is given, and nothing is: ${options.join(', ')}`);
  }
  return {
    table,
    async run({ store }, tell) {
      tell(notKnown(keysCommandFor('list')));
      const { before, after } = await changeApiKey(keyId, change, store);
      io.stderr.write(
        `Was: ${describeKey(before)}.\nIs:  ${describeKey(after)}.\nIt takes effect within 10 seconds.\n`,
      );
      const isLimitGiven = change.ratePerSecond !== undefined || change.burst !== undefined;
      if (isLimitGiven && after.burst < after.ratePerSecond)
        io.stderr.write(
          `The burst (${after.burst}) is lower than the rate (${after.ratePerSecond} per second): no more than ${after.burst} requests can come at once. If the client sends more at once, raise the burst:\n` +
            `  ${keysCommandFor(`set ${keyId} --burst ${Math.ceil(after.ratePerSecond)}`)}\n`,
        );
      if (!after.enabled)
        io.stderr.write(`It is disabled still; "${keysCommandFor(`enable ${keyId}`)}" lets it go on.\n`);
    },
  };
};

function changeFrom(values: Readonly<Partial<Record<keyof typeof settingsOptions, string>>>): ApiKeyChange {
  const { name, rate, burst, quota, types } = values;
  const maxBytes = values['max-bytes'];
  const given = <Name extends keyof ApiKeyChange>(
    name: Name,
    text: string | undefined,
    read: (text: string) => unknown,
  ) => (text === undefined ? {} : { [name]: read(text) });
  const number = (option: string) => (text: string) => numberOption(option, text);
  const orNone = (read: (text: string) => unknown) => (text: string) =>
    text.trim().toLowerCase() === NONE ? null : read(text);
  return {
    ...given('name', name, (text) => text),
    ...given('ratePerSecond', rate, number('--rate')),
    ...given('burst', burst, number('--burst')),
    ...given('dailyQuota', quota, orNone(number('--quota'))),
    ...given('maxBytes', maxBytes, orNone(number('--max-bytes'))),
    ...given('allowedContentTypes', types, orNone(typesFrom)),
  };
}
