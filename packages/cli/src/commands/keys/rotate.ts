import {
  endOlderSecrets,
  type KeyMaking,
  RotationUnderWay,
  removeOlderSecrets,
  removeSecrets,
  rotateApiKey,
  SecretsChanged,
} from '@upload-once/access';
import { UsageError } from '../../usage-error.ts';
import { assertValueIsKept, deliverValue, KEEPING_OUTPUT } from './deliver-value.ts';
import { describeKey } from './describe-key.ts';
import { type KeysIo, notKnown, type PrepareAction } from './keys-io.ts';
import { keyIdFrom, numberOption, parseOptions } from './options.ts';

export const DEFAULT_OLD_HOURS = 24;
const OLD_HOURS_MAX = 8760;

/** Each of these commands writes to the table. */
const NO_RIGHT =
  'If you may not write to the table (dynamodb:UpdateItem), ask someone who may to run these commands. If the old value has leaked, ask at once. "keys disable" and "keys delete" need the same right.';

/** The key has two values, and the older one was given no end by this command. */
export class RotationNotEnded extends Error {
  readonly code = 'RotationNotEnded';
}

export const prepareRotate: PrepareAction = (args, io) => {
  const { values, positionals, table, keysCommandFor } = parseOptions(args, {
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
    return { table, run: (making, tell) => remove(keyId, which, making, tell, io, keysCommandFor) };
  }
  const hours = oldHours ?? DEFAULT_OLD_HOURS;
  if (!(hours >= 0 && hours <= OLD_HOURS_MAX))
    throw new UsageError(`--old-hours is a number from 0 to ${OLD_HOURS_MAX} (a year), not ${hours}`);
  assertValueIsKept(io);
  return { table, run: (making, tell) => rotate(keyId, hours, making, tell, io, keysCommandFor) };
};

async function rotate(
  keyId: string,
  oldHours: number,
  making: KeyMaking,
  tell: (truth: string) => void,
  io: KeysIo,
  keysCommandFor: (words: string) => string,
): Promise<void> {
  tell(
    `The old value works on. A second one may have been made, and was not shown. Run "${keysCommandFor('list')}" in a minute. If it shows two values of the key, remove the new one before you run rotate again:\n  ${keysCommandFor(`rotate ${keyId} --remove new`)}`,
  );
  const { value, old, rotated } = await rotateApiKey(keyId, making).catch((cause) => {
    if (!(cause instanceof RotationUnderWay)) throw cause;
    throw new RotationNotEnded(
      `${cause.message}. Nothing was done.\nTo stop the old value now:\n  ${keysCommandFor(`rotate ${keyId} --remove old`)}\nTo stop the new value instead, and keep the old one:\n  ${keysCommandFor(`rotate ${keyId} --remove new`)}`,
      { cause },
    );
  });
  const laterHours = oldHours || DEFAULT_OLD_HOURS;
  // Before the old value is given an end: without the new one it is all that works.
  await deliverValue(
    value,
    `Made a second value for ${describeKey(rotated.key)}.`,
    `a second value of the key ${keyId} was made, and is lost. The old value works on, without end`,
    [
      `Remove the lost value. Before that, rotate is refused:\n     ${keysCommandFor(`rotate ${keyId} --remove new`)}`,
      `${KEEPING_OUTPUT} Then rotate again. If the old value has leaked, end it at once. Your clients fail until they have the new value:\n     ${keysCommandFor(`rotate ${keyId} --old-hours 0`)}\n   If it has not leaked, it can work for ${laterHours} more hours:\n     ${keysCommandFor(`rotate ${keyId} --old-hours ${laterHours}`)}`,
      NO_RIGHT,
    ],
    io,
  );
  if (old.length === 0) {
    tell(`Standard output has the new value, which works.`);
    return;
  }
  const until = new Date(making.now().getTime() + oldHours * 3_600_000);
  const removeOld = keysCommandFor(`rotate ${keyId} --remove old`);
  const toEnd =
    '1. Do not run rotate again: it is refused while the key has two values.\n' +
    '2. If the old value has not leaked, give your clients the new value first. If it has leaked, do not wait for them.\n' +
    `3. Remove the old value, also if "${keysCommandFor('list')}" shows "until" and a time behind it: before that time it works.\n     ${removeOld}\n` +
    `4. ${NO_RIGHT}`;
  tell(
    `Standard output has the new value, which works: keep it. The old value may go on without end. What to do now:\n${toEnd}`,
  );
  const ended = oldHours > 0 ? endOlderSecrets(rotated, until, making) : removeOlderSecrets(rotated, making);
  await ended.catch((cause) => {
    if (!(cause instanceof SecretsChanged)) throw cause;
    throw new RotationNotEnded(
      `standard output has the new value, but the values of the key ${keyId} were changed at the same time by another command, and the old one was given no end. ` +
        `Before you use the new value, look at "${keysCommandFor('list')}": if the key has one value, it is the one that the other command left. If it has two, both work. What to do then:\n${toEnd}`,
      { cause },
    );
  });
  io.stderr.write(
    oldHours > 0
      ? `The old one works until ${until.toISOString()}. If it has leaked, remove it now. Your clients fail until they have the new value:\n  ${removeOld}\n`
      : 'The old one does not work any more, within 10 seconds everywhere.\n',
  );
}

async function remove(
  keyId: string,
  which: 'old' | 'new',
  making: KeyMaking,
  tell: (truth: string) => void,
  io: KeysIo,
  keysCommandFor: (words: string) => string,
): Promise<void> {
  tell(notKnown(keysCommandFor('list')));
  const { key, removed } = await removeSecrets(keyId, which, making);
  const made = removed.map(({ createdAt }) => createdAt.toISOString()).join(' and ');
  io.stderr.write(`Removed the value of ${describeKey(key)} that was made at ${made}.\n`);
}
