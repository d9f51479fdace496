import type { Readable } from 'node:stream';

/** Longer than any response takes: S3's and SQS's slowest are a page of 1,000 entries and a poll of 20 seconds. */
export const AWS_ATTEMPT_SECONDS = 60;

interface HandlerOptions {
  readonly abortSignal?: unknown;
}
interface Handler {
  handle(
    request: { readonly hostname: string },
    options?: HandlerOptions,
  ): Promise<{ readonly response: { readonly body?: unknown } }>;
}

/**
 * Gives each attempt of a client's requests an end, from its first byte to the last one of the response. The SDK's own limits end a silence
 * alone: a response that comes byte by byte would never end. With the client's `maxAttempts` every call ends.
 *
 * An attempt that this ends rejects with a TimeoutError, which the SDK tries again as any other.
 */
export function endEachAttempt(
  client: { readonly config: { readonly requestHandler: unknown } },
  seconds: number,
): void {
  const handler = client.config.requestHandler as Handler;
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options = {}) => {
    const tooLong = Object.assign(
      new Error(`${request.hostname} did not send its whole response within ${seconds} s`),
      { name: 'TimeoutError' },
    );
    const limit = new AbortController();
    let body: Readable | undefined;
    const timer = setTimeout(() => {
      body?.destroy(tooLong);
      limit.abort(tooLong);
    }, seconds * 1000);
    try {
      const given = options.abortSignal instanceof AbortSignal ? [options.abortSignal] : [];
      const result = await handle(request, {
        ...options,
        abortSignal: AbortSignal.any([...given, limit.signal]),
      });
      body = result.response.body as Readable;
      body.once('close', () => clearTimeout(timer));
      return result;
    } catch (error) {
      clearTimeout(timer);
      throw limit.signal.aborted ? tooLong : error;
    }
  };
}
