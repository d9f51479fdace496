import type { AccessStore, KeyMaking } from '@upload-once/access';

interface TextSink {
  write(text: string): unknown;
}

/** What the command touches of the world around it. */
export interface KeysIo {
  readonly stdin: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean };
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly now: () => Date;
  readonly createStore: (tableName: string) => AccessStore;
}

/** A command line that was understood: nothing has been done yet. */
export interface PreparedAction {
  /** The table that was named in it. */
  readonly table: string | undefined;
  run(making: KeyMaking): Promise<void>;
}

/** @throws UsageError, before anything is tried */
export type PrepareAction = (args: readonly string[], io: KeysIo) => PreparedAction;
