import type { ConfigFinding } from '@upload-once/runtime';
import { HandlerNotLoaded } from './load-handler.ts';
import type { HandlerThread } from './start-handler-thread.ts';

/**
 * What is wrong with PROCESSOR_HANDLER, to be reported together with all other violations; '' is none.
 * @param startThread a thread that only loads the handler: a module may open a database as soon as it is imported, and the main thread
 *   must not keep that. It is told what to call where the thread can't be ended; the end of the process ends it then.
 */
export async function checkHandler(
  name: string,
  startThread: (onStuck: () => void) => HandlerThread,
): Promise<ConfigFinding> {
  if (name === '') return undefined;
  let isStuck = false;
  const thread = startThread(() => {
    isStuck = true;
  });
  const finding = await thread.loaded.then(() => undefined, findingOf);
  await thread.end();
  return isStuck && finding === undefined
    ? `"${name}" can be loaded, but its thread can't be ended: does it wait for a child process?`
    : finding;
}

function findingOf(error: unknown): ConfigFinding {
  if (error instanceof HandlerNotLoaded) return error.message;
  throw error;
}
