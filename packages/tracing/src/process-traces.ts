import type { Traces } from './span.ts';

/** Traces of a process, which says when it ends. */
export interface ProcessTraces extends Traces {
  /** Exports what waits, for `limitMs` at most. What is recorded from now on is dropped. Never rejects. */
  end(limitMs: number): Promise<void>;
}

export interface TracesOptions {
  /**
   * OTEL_EXPORTER_OTLP_ENDPOINT: where spans are sent, by OTLP over HTTP with JSON. The exporter reads the other variables of its kind from
   * the environment itself (OpenTelemetry, "OTLP Exporter Configuration").
   */
  readonly endpoint: string | undefined;
  /** `service.name` of the spans. */
  readonly service: string;
  /** `deployment.environment.name` of the spans. */
  readonly environment: string;
  /** Called for the first export that fails, and for the first that fails after one that did not. */
  readonly onFailure: (error: Error) => void;
  /** An export has failed if it takes longer, with its retries. By default 20,000. */
  readonly exportLimitMs?: number;
}
