import { API_KEY_MAX_BYTES, importApiKey } from '@upload-once/access';
import { UsageError } from '../../usage-error.ts';
import { describeKey } from './describe-key.ts';
import type { KeysIo, PrepareAction } from './keys-io.ts';
import { parseOptions, settingsFrom, settingsOptions } from './options.ts';

export const prepareImport: PrepareAction = (args, io) => {
  const { values, positionals, table, keysCommandFor } = parseOptions(args, settingsOptions);
  if (positionals.length > 0) {
    // What stands here may be a key that someone meant to import: it is not repeated.
    throw new UsageError(
      'the key to import comes from standard input, not from the command line; choose a new one if it was a real one',
    );
  }
  const settings = settingsFrom(values);
  return {
    table,
    async run(making, tell) {
      if (io.stdin.isTTY) io.stderr.write('Type or paste the key, then Enter and Ctrl-D:\n');
      const value = await readKey(io.stdin);
      const key = await importApiKey(value, settings, making, ({ keyId }) =>
        tell(
          `It may have been imported as key ${keyId}. If "${keysCommandFor('list')}" has that key, remove it before you run this again: ${keysCommandFor(`delete ${keyId}`)}`,
        ),
      );
      io.stderr.write(`Imported ${describeKey(key)}.\n`);
      if (/[^\t\x20-\x7e]/.test(value)) {
        io.stderr.write(
          'It has bytes beyond ASCII: a client must send just these bytes, in the same encoding as this input.\n',
        );
      }
    },
  };
};

/**
 * Standard input to its end, one character for each byte, without the line feed that an editor or `echo` adds; reading
 * stops where no key goes on.
 */
async function readKey(stdin: KeysIo['stdin']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk);
    chunks.push(buffer);
    bytes += buffer.length;
    if (bytes > API_KEY_MAX_BYTES + '\r\n'.length) break;
  }
  return Buffer.concat(chunks)
    .toString('latin1')
    .replace(/\r?\n$/, '');
}
