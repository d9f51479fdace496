import type { Span, TraceSource } from '../ports.ts';

const LIMIT_MS = 5_000;
const MOST_BYTES = 8 * 1024 * 1024;
/** Status code ERROR (OpenTelemetry Protocol, "trace.proto", Status). */
const ERROR = 2;

interface Attribute {
  readonly key?: string;
  readonly value?: Readonly<Record<string, unknown>>;
}
interface OtlpSpan {
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly startTimeUnixNano?: string | number;
  readonly endTimeUnixNano?: string | number;
  readonly attributes?: readonly Attribute[];
  readonly status?: { readonly code?: number | string };
  readonly links?: readonly { readonly traceId?: string }[];
}
interface OtlpTrace {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

/** A receiver that serves `GET /traces/<traceId>` as OTLP's JSON, as that of `make dev` does. @param url its own, without that path */
export function createOtlpTraces(url: string): TraceSource {
  const base = url.replace(/\/$/, '');
  return {
    name: base,
    async spans(traceId) {
      const response = await fetch(`${base}/traces/${traceId}`, {
        redirect: 'error',
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      if (response.status === 404) {
        await response.body?.cancel();
        return [];
      }
      if (!response.ok)
        throw new Error(`${base} responded with ${response.status} to the question for a trace`);
      return spansOf(JSON.parse(await boundedText(response)) as OtlpTrace);
    },
  };
}

function spansOf({ resourceSpans = [] }: OtlpTrace): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const service = attributesOf(resource?.attributes)['service.name'] ?? '';
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => spanOf(span, service)));
  });
}

function spanOf(span: OtlpSpan, service: string): Span {
  const { spanId = '', parentSpanId, name = '', attributes, status, links = [] } = span;
  return {
    spanId,
    ...(parentSpanId && { parentSpanId }),
    name,
    service,
    startMs: millisecondsOf(span.startTimeUnixNano),
    endMs: millisecondsOf(span.endTimeUnixNano),
    isError: status?.code === ERROR || status?.code === 'STATUS_CODE_ERROR',
    attributes: attributesOf(attributes),
    links: links.flatMap(({ traceId }) => traceId ?? []),
  };
}

function attributesOf(attributes: readonly Attribute[] = []): Record<string, string> {
  return Object.fromEntries(
    attributes.map(({ key = '', value = {} }) => {
      const [first] = Object.values(value);
      return [key, typeof first === 'object' ? JSON.stringify(first) : String(first)];
    }),
  );
}

/** A double has not the digits for nanoseconds since 1970. */
function millisecondsOf(nanoseconds: string | number = 0): number {
  const whole = BigInt(nanoseconds);
  return Number(whole / 1_000_000n) + Number(whole % 1_000_000n) / 1e6;
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the trace has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
