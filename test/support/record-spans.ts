import type { Span, Traces } from '@upload-once/tracing';

/** Spans of a test, in the order in which they were recorded. */
export function recordSpans() {
  const spans: Span[] = [];
  const traces: Traces = { record: (span) => void spans.push(span) };
  return {
    traces,
    spans,
    names: () => spans.map(({ name }) => name),
    /** The only span of this name. */
    span(name: string): Span {
      const [found, ...more] = spans.filter((span) => span.name === name);
      if (!found || more.length > 0)
        throw new Error(`there are ${found ? 1 + more.length : 0} spans ${name}`);
      return found;
    },
  };
}
