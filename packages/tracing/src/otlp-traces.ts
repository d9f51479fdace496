import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { backgroundClock, endsWithin } from '@upload-once/clock';
import { createOtlpExporter } from './otlp-exporter.ts';
import type { ProcessTraces, TracesOptions } from './process-traces.ts';
import { reportFailures } from './report-failures.ts';
import type { Span } from './span.ts';
import type { SpanPlace } from './traceparent.ts';

/** As the SDK's default: some 2 MB. */
const MOST_WAITING = 2_048;
/** Made into JSON at once: a few milliseconds in which nothing else runs. */
const MOST_AT_ONCE = 256;
const EXPORT_EVERY_MS = 2_000;
/** Of one attempt to export. None begins later, and the last one can take as long again. */
const ATTEMPTS_LIMIT_MS = 10_000;
/** An export that is not over by then never ends by itself: its endpoint responds, byte by byte. */
const EXPORT_LIMIT_MS = 2 * ATTEMPTS_LIMIT_MS;

const UNSET = 0;
const ERROR = 2;
const SAMPLED = 1;
const SCOPE = { name: 'upload-once' };
const DURATION_UNUSED: [number, number] = [0, 0];

/** The path is added as OpenTelemetry wants it: "OTLP Exporter Configuration", "Endpoint URLs for OTLP/HTTP". */
const TRACES_PATH = 'v1/traces';

/** See `createTraces`. The spans are made by hand: the SDK's tracer would take its own ids, and cost more. */
export function createOtlpTraces(options: TracesOptions & { readonly endpoint: string }): ProcessTraces {
  const { endpoint, service, environment, onFailure, exportLimitMs = EXPORT_LIMIT_MS } = options;
  const url = `${endpoint.replace(/\/$/, '')}/${TRACES_PATH}`;
  const resource = resourceFromAttributes({
    'service.name': service,
    'service.namespace': 'upload-once',
    'deployment.environment.name': environment,
  });
  const processor = new BatchSpanProcessor({
    exporter: reportFailures(createOtlpExporter({ url, timeoutMs: ATTEMPTS_LIMIT_MS }), {
      clock: backgroundClock,
      limitMs: exportLimitMs,
      onFailure,
    }),
    maxQueueSize: MOST_WAITING,
    maxExportBatchSize: MOST_AT_ONCE,
    scheduledDelayMillis: EXPORT_EVERY_MS,
    // `reportFailures` ends an export before that.
    exportTimeoutMillis: 2 * EXPORT_LIMIT_MS,
  });

  function toReadable(span: Span): ReadableSpan {
    const { parentSpanId, traceId, attributes, links = [] } = span;
    return {
      name: span.name,
      kind: span.kind,
      spanContext: () => contextOf(span),
      ...(parentSpanId !== undefined && {
        parentSpanContext: contextOf({ traceId, spanId: parentSpanId }),
      }),
      startTime: hrTimeOf(span.startMs),
      endTime: hrTimeOf(span.endMs),
      status: { code: span.hasFailed ? ERROR : UNSET },
      attributes,
      links: links.map((place) => ({ context: contextOf(place) })),
      events: [],
      // The exporter sends start and end.
      duration: DURATION_UNUSED,
      ended: true,
      resource,
      instrumentationScope: SCOPE,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }

  return {
    record(span) {
      // One that cannot be encoded loses its whole batch.
      if (Number.isFinite(span.startMs) && Number.isFinite(span.endMs)) processor.onEnd(toReadable(span));
    },
    async end(limitMs) {
      await endsWithin(
        backgroundClock,
        limitMs,
        processor.shutdown().catch(() => undefined),
      );
    },
  };
}

function contextOf({ traceId, spanId }: SpanPlace) {
  return { traceId, spanId, traceFlags: SAMPLED };
}

/** Seconds and nanoseconds. */
function hrTimeOf(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
