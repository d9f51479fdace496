import type { Agent } from 'node:http';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPExporterError } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { JsonTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import type { SpanExporter } from '@opentelemetry/sdk-trace';

/**
 * The endpoint did not take spans. The message has nothing that the endpoint wrote: it can repeat the headers of the request, and these have
 * secrets.
 */
class ExportRefused extends Error {
  readonly code: string;

  constructor(message: string, status?: number) {
    super(message);
    this.code = status === undefined ? 'ExportRefused' : String(status);
  }
}

/** An exporter whose requests can be given up. */
export interface AbortableExporter extends SpanExporter {
  /** Ends the connections of all requests that are on their way. Later ones open new connections. */
  abort(): void;
}

/**
 * Sends spans by OTLP over HTTP with JSON. It is put together from the parts of `OTLPTraceExporter`, because that one only tells the SDK's
 * own logger of spans that a response with status 200 refuses, and keeps its connections to itself.
 *
 * @param options.timeoutMs of one attempt. None begins later, and the last one can take as long again
 */
export function createOtlpExporter(options: {
  readonly url: string;
  readonly timeoutMs: number;
}): AbortableExporter {
  const { url, timeoutMs } = options;
  const config = convertLegacyHttpOptions({ url, timeoutMillis: timeoutMs }, 'TRACES', 'v1/traces', {
    'Content-Type': 'application/json',
  });
  const agents: Agent[] = [];
  let refusal: ExportRefused | undefined;

  const delegate = createOtlpHttpExportDelegate(
    {
      ...config,
      async agentFactory(protocol) {
        const agent = await config.agentFactory(protocol);
        agents.push(agent);
        return agent;
      },
    },
    {
      ...JsonTraceSerializer,
      // Called just before the callback of the same export.
      deserializeResponse(body) {
        refusal = refusalOf(body);
        return {};
      },
    },
    'otlp_http_span_exporter',
    TraceExporterMetricsHelper,
    undefined,
  );

  return {
    export(spans, done) {
      delegate.export(spans, ({ code, error }) => {
        const failure = refusal ?? (error && withoutItsText(error));
        refusal = undefined;
        done(failure ? { code: ExportResultCode.FAILED, error: failure } : { code });
      });
    },
    abort: () => {
      for (const agent of agents) agent.destroy();
    },
    forceFlush: () => delegate.forceFlush(),
    shutdown: () => delegate.shutdown(),
  };
}

/** OTLP Specification, "Partial Success": no refused spans is a warning. An empty body says that all is well. */
function refusalOf(body: Uint8Array): ExportRefused | undefined {
  const text = new TextDecoder().decode(body).trim();
  if (text === '') return undefined;
  let response: unknown;
  try {
    response = JSON.parse(text);
  } catch {
    response = undefined;
  }
  if (typeof response !== 'object' || response === null)
    return new ExportRefused('the endpoint responded with 200 and no JSON: it may not take spans');
  const { partialSuccess } = response as {
    readonly partialSuccess?: { readonly rejectedSpans?: unknown } | null;
  };
  const refused = Number(partialSuccess?.rejectedSpans ?? 0);
  return refused > 0 ? new ExportRefused(`the endpoint refused ${refused} spans of a batch`) : undefined;
}

function withoutItsText(error: Error): Error {
  if (!(error instanceof OTLPExporterError)) {
    const { code } = error as { readonly code?: unknown };
    return Object.assign(new Error(error.message), typeof code === 'string' && { code });
  }
  return error.code === undefined
    ? new ExportRefused('the endpoint responded with 429, 502, 503 or 504 to each attempt')
    : new ExportRefused(`the endpoint responded with ${error.code}`, error.code);
}
