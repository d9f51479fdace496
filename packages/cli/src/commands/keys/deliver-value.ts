import { OutputFailed } from '../../output-failed.ts';
import { UsageError } from '../../usage-error.ts';
import type { KeysIo } from './keys-io.ts';

/** A full disk, or the reader of a pipe that ended. */
export const KEEPING_OUTPUT = 'Choose an output that keeps the value, such as a file on a disk with room.';

/** Before a value is made that would be lost. @throws UsageError */
export function assertValueIsKept({ stdout }: KeysIo): void {
  if (!stdout.isDiscarded) return;
  throw new UsageError(
    'standard output is closed or goes to the null device. The value of a key is shown this once, and would be lost. ' +
      'Nothing was made. Let standard output go to a terminal, a file or another program',
  );
}

/**
 * Writes a key's value, which can't be shown again: it has to arrive, also where the reader of a pipe has gone.
 *
 * @param made what was made, as a sentence: standard error says it only when the value has arrived
 * @param lost what is true when the value is lost, as a sentence without its full stop
 * @param steps what to do then, after what was written of the value is removed
 * @throws OutputFailed
 */
export async function deliverValue(
  value: string,
  made: string,
  lost: string,
  steps: readonly string[],
  io: KeysIo,
): Promise<void> {
  try {
    await io.stdout.write(`${value}\n`);
    io.stderr.write(`${made}\nStandard output has its value. It is shown this once: store it now.\n`);
  } catch (error) {
    if (!(error instanceof OutputFailed)) throw error;
    const all = ['If part of the value went to a file, delete that file. Do not use the value.', ...steps];
    const numbered = all.map((step, at) => `\n${at + 1}. ${step}`).join('');
    throw new OutputFailed(`${error.message}: ${lost}. What to do now:${numbered}`, { cause: error });
  }
}
