import type { ManagedProcess } from '@upload-once/local-stack/child-process.ts';

export interface HandledUploads {
  /**
   * Resolves when the processor's handler is through with an upload, also when it was before the call.
   * @throws Error when it is not within `limitSeconds`
   */
  whenHandled(uploadId: string, limitSeconds: number): Promise<void>;
}

/** Follows the processor's log, which names each upload: to ask the table all the time would slow down what is measured. */
export function followHandledUploads(processor: ManagedProcess): HandledUploads {
  const handled = new Map<string, PromiseWithResolvers<void>>();

  function entryOf(uploadId: string): PromiseWithResolvers<void> {
    const entry = handled.get(uploadId) ?? Promise.withResolvers<void>();
    handled.set(uploadId, entry);
    return entry;
  }

  processor.onLine((line) => {
    if (line.includes('"msg":"upload processed"')) entryOf(JSON.parse(line).uploadId).resolve();
  });

  return {
    async whenHandled(uploadId, limitSeconds) {
      const entry = entryOf(uploadId);
      const timer = setTimeout(
        () => entry.reject(new Error(`${uploadId} was not processed within ${limitSeconds} s`)),
        limitSeconds * 1000,
      );
      await entry.promise.finally(() => clearTimeout(timer));
      handled.delete(uploadId);
    },
  };
}
