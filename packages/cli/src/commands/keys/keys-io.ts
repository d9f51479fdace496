import type { AccessStore, KeyMaking } from '@upload-once/access';

interface TextSink {
  write(text: string): unknown;
  /** What is written goes nowhere. */
  readonly isDiscarded?: boolean;
}

/** What the command touches of the world around it. */
export interface KeysIo {
  readonly stdin: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean };
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly randomBytes: (count: number) => Uint8Array;
  /** By the table's clock: it is the services that go by it. */
  readonly now: () => Date;
  readonly createStore: (tableName: string) => AccessStore;
  /** Aborted by the user's Ctrl-C. */
  readonly interruptSignal: () => AbortSignal;
}

/** A command line that was understood: nothing has been done yet. */
export interface PreparedAction {
  /** The table that was named in it. */
  readonly table: string | undefined;
  /** @param tell what is true from then on, if the action is broken off or the table does not respond: in sentences */
  run(making: KeyMaking, tell: (truth: string) => void): Promise<void>;
}

/** What is true where an action that may be repeated has begun, and no response came. */
export function notKnown(listCommand: string): string {
  return `It is not known whether it was done: look at "${listCommand}". It may be run again.`;
}

/** @throws UsageError, before anything is tried */
export type PrepareAction = (args: readonly string[], io: KeysIo) => PreparedAction;
