import { type FileHandle, open } from 'node:fs/promises';
import type { DeadLetter } from '../repair/index.ts';
import { UsageError } from '../usage-error.ts';

export interface UnknownFile {
  /** Resolves when the messages are on the disk. @throws UsageError where the file can't be made, also because it is there already */
  save(deadLetterUrl: string, letters: readonly DeadLetter[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * A new file for messages that are going to be deleted: one JSON object a line, with all that it takes to send the message again. It is
 * made with the first of them.
 */
export function unknownFile(path: string): UnknownFile {
  let file: FileHandle | undefined;
  return {
    async save(queue, letters) {
      file ??= await open(path, 'wx', 0o600).catch((cause: Error) => {
        throw new UsageError(`--delete-unknown takes the name of a new file: ${cause.message}`, { cause });
      });
      const lines = letters.map(({ messageId, sentAt, receiveCount, unknownReason, body, attributes }) => {
        const letter = { queue, messageId, sentAt, receiveCount, reason: unknownReason, body, attributes };
        return `${JSON.stringify(letter, withBase64)}\n`;
      });
      await file.appendFile(lines.join(''));
      await file.sync();
    },
    close: async () => file?.close(),
  };
}

/** The bytes of a binary attribute, as SQS's own JSON has them. */
function withBase64(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
