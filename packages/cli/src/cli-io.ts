import type { KeysIo } from './commands/keys/keys-io.ts';
import type { ConsoleReach } from './console/reach.ts';
import type { OpenOperations } from './operations.ts';

/** All that the command has of the world; a test has another. */
export interface CliIo {
  readonly stdin: KeysIo['stdin'];
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Opens the table of keys; only the commands of operators need it, and the AWS SDK with it. `now` is the table's time. */
  readonly loadAccess: () => Promise<Pick<KeysIo, 'createStore' | 'now'>>;
  /** Opens bucket, table and queues; only redrive, audit and console need them. */
  readonly loadOperations: () => Promise<OpenOperations>;
  /** What only the console reaches. */
  readonly loadConsoleReach: () => Promise<ConsoleReach>;
  /** Rejects when the signal is aborted. */
  readonly sleep: (seconds: number, signal: AbortSignal) => Promise<void>;
  /** Aborted by the user's Ctrl-C. A command that does not ask for it is simply ended by Ctrl-C. */
  readonly interruptSignal: () => AbortSignal;
}

export interface TextOutput {
  /**
   * Standard output that is a file throws OutputFailed when it can't be written; another returns a promise that rejects with it, and
   * only what can't be given again has to await it.
   */
  write(text: string): unknown;
  /** What is written goes nowhere: it is the null device, which Node also puts in the place of a closed one. */
  readonly isDiscarded?: boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}
