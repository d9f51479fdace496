import { endOlderSecrets, type KeyMaking, removeSecrets, rotateApiKey } from '@upload-once/access';
import { UsageError } from '../../usage-error.ts';
import { deliverValue } from './deliver-value.ts';
import { describeKey } from './describe-key.ts';
import type { KeysIo, PrepareAction } from './keys-io.ts';
import { keyIdFrom, numberOption, parseOptions } from './options.ts';

export const DEFAULT_OLD_HOURS = 24;
export const OLD_HOURS_MAX = 8760;

export const prepareRotate: PrepareAction = (args, io) => {
  const { values, positionals, table } = parseOptions(args, {
    'old-hours': { type: 'string' },
    remove: { type: 'string' },
  });
  const keyId = keyIdFrom('rotate', positionals);
  const oldHours = numberOption('--old-hours', values['old-hours']);
  if (values.remove !== undefined) {
    const which = values.remove;
    if (which !== 'old' && which !== 'new')
      throw new UsageError(`--remove is followed by "old" or "new", not by ${JSON.stringify(which)}`);
    if (oldHours !== undefined) throw new UsageError('--remove and --old-hours exclude each other');
    return { table, run: (making) => remove(keyId, which, making, io) };
  }
  const hours = oldHours ?? DEFAULT_OLD_HOURS;
  if (!(hours >= 0 && hours <= OLD_HOURS_MAX))
    throw new UsageError(`--old-hours is a number from 0 to ${OLD_HOURS_MAX} (a year), not ${hours}`);
  return { table, run: (making) => rotate(keyId, hours, making, io) };
};

async function rotate(keyId: string, oldHours: number, making: KeyMaking, io: KeysIo): Promise<void> {
  const { value, old, rotated } = await rotateApiKey(keyId, making);
  io.stderr.write(`Made a second value for ${describeKey(rotated.key)}.\n`);
  // Before the old value is given an end: without the new one it is all that works.
  await deliverValue(
    value,
    `The old one works on. Take the new one back: upload-once keys rotate ${keyId} --remove new`,
    io,
  );
  if (old.length === 0) return;
  const until = new Date(making.now().getTime() + oldHours * 3_600_000);
  await endOlderSecrets(rotated, until, making);
  io.stderr.write(`The old one works until ${until.toISOString()}.\n`);
}

async function remove(keyId: string, which: 'old' | 'new', making: KeyMaking, io: KeysIo): Promise<void> {
  const { key, removed } = await removeSecrets(keyId, which, making);
  const made = removed.map(({ createdAt }) => createdAt.toISOString()).join(' and ');
  io.stderr.write(`Removed the value of ${describeKey(key)} that was made at ${made}.\n`);
}
