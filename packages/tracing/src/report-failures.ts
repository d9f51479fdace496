import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Clock } from '@upload-once/clock';
import type { AbortableExporter } from './otlp-exporter.ts';

/** The endpoint responds, and its response does not end. */
class ExportDidNotEnd extends Error {
  readonly code = 'ExportDidNotEnd';
}

/**
 * Reports failed exports: the first one, and the first after one that succeeded. The SDK itself says nothing of them unless its own logger
 * is set, and then it reports each one.
 *
 * The batch processor is told that each export succeeded. What failed is lost either way, and after a failure the processor no longer waits
 * for the next batch: it would begin one more beside it with each one (sdk-trace 3.1.0, `_maybeStartTimer`).
 *
 * @param options.limitMs an export that takes longer has failed. All requests on their way are ended then: those of a response without an end
 *   would fill the exporter, and no span would ever be sent again
 */
export function reportFailures(
  exporter: AbortableExporter,
  options: {
    readonly clock: Pick<Clock, 'after'>;
    readonly limitMs: number;
    readonly onFailure: (error: Error) => void;
  },
): SpanExporter {
  const { clock, limitMs, onFailure } = options;
  let isFailing = false;
  return {
    export(spans, done) {
      let isOver = false;
      const end = (failure: Error | undefined) => {
        if (isOver) return;
        isOver = true;
        cancel();
        if (failure && !isFailing) onFailure(failure);
        isFailing = failure !== undefined;
        done({ code: ExportResultCode.SUCCESS });
      };
      const cancel = clock.after(limitMs, () => {
        end(new ExportDidNotEnd(`an export of spans did not end within ${limitMs / 1000} s`));
        exporter.abort();
      });
      exporter.export(spans, ({ code, error }) =>
        end(code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('no reason is known'))),
      );
    },
    shutdown: () => exporter.shutdown(),
  };
}
