import { NOT_KNOWN, type PrepareAction } from './keys-io.ts';
import { keyIdFrom, parseOptions } from './options.ts';

export const prepareDelete: PrepareAction = (args, io) => {
  const { positionals, table } = parseOptions(args, {});
  const keyId = keyIdFrom('delete', positionals);
  return {
    table,
    async run({ store }, tell) {
      tell(NOT_KNOWN);
      await store.deleteKey(keyId);
      io.stderr.write(`Deleted key ${keyId} and all that opens it, within 10 seconds everywhere.\n`);
    },
  };
};
