import type { SpanPlace } from './traceparent.ts';

export type { SpanPlace };

/** What a span is to the others (OpenTelemetry specification, "SpanKind"), as the SDK numbers it. */
export const SpanKind = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 } as const;
export type SpanKind = (typeof SpanKind)[keyof typeof SpanKind];

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A span that has ended, as data that can go from thread to thread. It holds no text of an error: such a text can hold a secret. */
export interface Span extends SpanPlace {
  readonly name: string;
  readonly kind: SpanKind;
  /** Undefined: it is the first of its trace. */
  readonly parentSpanId?: string | undefined;
  /** Milliseconds since 1970, with their fractions. */
  readonly startMs: number;
  /** The same; never before `startMs`. */
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  /** Spans of other traces that have to do with this one. */
  readonly links?: readonly SpanPlace[];
  /** What it was that failed has its code or name in the attribute `error.type`. */
  readonly hasFailed?: boolean;
}

/** Where spans go. */
export interface Traces {
  /** Takes a span of a sampled trace. Never throws, never waits: what cannot be exported is dropped. */
  record(span: Span): void;
}

const MOST_TYPE_CHARACTERS = 128;

/**
 * For the attribute `error.type`: the code of an error, or its name. Never throws, whatever was thrown.
 * @param cut gives the beginning of a text that can hold a secret, without it; by default the text has none
 */
export function errorTypeOf(error: unknown, cut = beginningOf): string {
  try {
    const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
    if (typeof code === 'string' && code !== '') return cut(code, MOST_TYPE_CHARACTERS).toWellFormed();
    return typeof name === 'string' && name !== ''
      ? cut(name, MOST_TYPE_CHARACTERS).toWellFormed()
      : '_OTHER';
  } catch {
    return '_OTHER';
  }
}

function beginningOf(text: string, mostCharacters: number): string {
  return text.slice(0, mostCharacters);
}
