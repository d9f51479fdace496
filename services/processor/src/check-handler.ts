import type { ConfigFinding } from '@upload-once/runtime';
import { HandlerNotLoaded } from './load-handler.ts';
import type { HandlerThread } from './start-handler-thread.ts';

/**
 * What is wrong with PROCESSOR_HANDLER, to be reported together with all other violations; '' is none.
 * @param startThread a thread that only loads the handler: a module may open a database as soon as it is imported, and the main thread
 *   must not keep that
 */
export async function checkHandler(name: string, startThread: () => HandlerThread): Promise<ConfigFinding> {
  if (name === '') return undefined;
  const thread = startThread();
  try {
    await thread.loaded;
    return undefined;
  } catch (error) {
    if (error instanceof HandlerNotLoaded) return error.message;
    throw error;
  } finally {
    await thread.end();
  }
}
