import { describeKey } from './describe-key.ts';
import { notKnown, type PrepareAction } from './keys-io.ts';
import { keyIdFrom, parseOptions } from './options.ts';

/** `keys enable` and `keys disable`; either may be repeated. */
export function prepareEnable(enabled: boolean): PrepareAction {
  return (args, io) => {
    const { positionals, table, keysCommandFor } = parseOptions(args, {});
    const keyId = keyIdFrom(enabled ? 'enable' : 'disable', positionals);
    return {
      table,
      async run({ store }, tell) {
        tell(notKnown(keysCommandFor('list')));
        const key = await store.setEnabled(keyId, enabled);
        io.stderr.write(
          `${enabled ? 'Enabled' : 'Disabled'} ${describeKey(key)}, within 10 seconds everywhere.\n`,
        );
      },
    };
  };
}
