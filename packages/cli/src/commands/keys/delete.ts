import { notKnown, type PrepareAction } from './keys-io.ts';
import { keyIdFrom, parseOptions } from './options.ts';

export const prepareDelete: PrepareAction = (args, io) => {
  const { positionals, table, keysCommandFor } = parseOptions(args, {});
  const keyId = keyIdFrom('delete', positionals);
  return {
    table,
    async run({ store }, tell) {
      tell(notKnown(keysCommandFor('list')));
      await store.deleteKey(keyId);
      io.stderr.write(`Deleted key ${keyId} and all that opens it, within 10 seconds everywhere.\n`);
    },
  };
};
