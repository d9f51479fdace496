import type { ProcessTraces, TracesOptions } from './process-traces.ts';

/**
 * Exports spans in batches, in the background. Without an endpoint no SDK is loaded, and there are no traces.
 *
 * The loss of the endpoint costs nothing but spans: 2,048 of them wait at most, one batch is on its way at a time, and what does not fit is
 * dropped. A response without an end is given up, with its connection.
 */
export async function createTraces(options: TracesOptions): Promise<ProcessTraces | undefined> {
  if (options.endpoint === undefined) return undefined;
  const { createOtlpTraces } = await import('./otlp-traces.ts');
  return createOtlpTraces({ ...options, endpoint: options.endpoint });
}
