import { reasonOf } from './load-handler.ts';

/** Node.js, "Process", "Exit codes". */
const UNSETTLED_TOP_LEVEL_AWAIT = 13;

/** What is known of why a thread ended by itself. */
export interface ThreadFailure {
  readonly error: unknown;
  /** It has sent what can't be read. */
  readonly isUnreadable?: boolean;
}

/** Why a thread has ended by itself, in one line for the reader of FAILED and of the log. */
export function crashReason(
  failure: ThreadFailure | undefined,
  exitCode: number,
  heapMib: number | undefined,
): string {
  if (failure === undefined) {
    const other = exitCode === UNSETTLED_TOP_LEVEL_AWAIT ? ', or its top-level await never ends' : '';
    return `the handler ended its thread by process.exit(${exitCode})${other}`;
  }
  if (isOutOfMemory(failure)) {
    const limit = heapMib === undefined ? '' : `: ${heapMib} MiB (HANDLER_HEAP_MIB)`;
    return `the handler needed more heap than its thread may have${limit}`;
  }
  const { error, isUnreadable } = failure;
  if (isUnreadable) return `the handler's thread sent a message that can't be read: ${reasonOf(error)}`;
  const name = error instanceof Error ? `${error.name}: ` : '';
  return `the handler threw outside its promise: ${name}${reasonOf(error)}`;
}

export function isOutOfMemory({ error }: ThreadFailure): boolean {
  return (error as { code?: string } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
