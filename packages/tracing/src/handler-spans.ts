import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '@upload-once/clock';
import { errorTypeOf, type Span, SpanKind, type SpanPlace } from './span.ts';
import { newSpanId } from './traceparent.ts';

/** Of one run of a handler; more are not recorded. */
export const MOST_HANDLER_SPANS = 100;
const MOST_NAME_CHARACTERS = 128;

/** Runs a part of a handler's work as a span. It settles as `run` does. */
export type HandlerSpan = <T>(name: string, run: () => T | Promise<T>) => Promise<T>;

/**
 * The spans of one run of a handler. A span that begins within another one is its child.
 *
 * @param options.place the span of the run; undefined: its trace is not sampled, and nothing is measured
 * @param options.record takes each span that has ended
 * @param options.redact gives the first characters of a text, without the secrets in it. The handler chooses names and codes, and a span leaves the service
 */
export function createHandlerSpans(options: {
  readonly place: SpanPlace | undefined;
  readonly record: (span: Span) => void;
  readonly redact: (text: string, mostCharacters: number) => string;
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly randomBytes: (count: number) => Uint8Array;
}): HandlerSpan {
  const { place, record, redact, clock, randomBytes } = options;
  if (!place) return async (_name, run) => run();
  const { traceId } = place;
  const above = new AsyncLocalStorage<string>();
  let count = 0;

  return async (name, run) => {
    count += 1;
    if (count > MOST_HANDLER_SPANS) return run();
    const spanId = newSpanId(randomBytes);
    const parentSpanId = above.getStore() ?? place.spanId;
    const startMs = clock.now().getTime();
    const startedAtMs = clock.monotonicMs();
    const end = (outcome: Pick<Span, 'attributes' | 'hasFailed'>) =>
      record({
        name: redact(textOf(name), MOST_NAME_CHARACTERS).toWellFormed(),
        kind: SpanKind.internal,
        traceId,
        spanId,
        parentSpanId,
        startMs,
        endMs: startMs + (clock.monotonicMs() - startedAtMs),
        ...outcome,
      });
    try {
      const result = await above.run(spanId, async () => run());
      end({ attributes: {} });
      return result;
    } catch (error) {
      end({ attributes: { 'error.type': errorTypeOf(error, redact) }, hasFailed: true });
      throw error;
    }
  };
}

/** JavaScript can give anything as a name. */
function textOf(name: unknown): string {
  return typeof name === 'string' ? name : `unnamed (${typeof name})`;
}
