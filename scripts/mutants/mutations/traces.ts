import type { Mutation } from '../mutation.ts';

const TRACEPARENT = 'packages/tracing/src/traceparent.ts';
const TRACEPARENT_TEST = 'packages/tracing/test/traceparent.test.ts';
const OTLP = 'packages/tracing/src/otlp-traces.ts';
const EXPORTER = 'packages/tracing/src/otlp-exporter.ts';
const EXPORT_TEST = 'packages/tracing/test/create-traces.test.ts';
const ACCEPTOR = 'services/acceptor/src/trace-acceptor.ts';
const ACCEPTOR_TEST = 'services/acceptor/test/traces.test.ts';

/** Which spans there are, and what their export can cost. */
export const traceMutations: readonly Mutation[] = [
  {
    id: 'duplicate-in-the-trace',
    change: 'the event of a duplicate is a child of the upload’s span',
    breaks: 'traces: a trace is the life of one upload: what arrives besides is linked',
    file: ACCEPTOR,
    find: "work.relation = hasTried ? 'child' : 'link';",
    replace: "work.relation = 'child';",
    noticedIn: ACCEPTOR_TEST,
    noticedBy: 'a duplicate and a redelivery are linked, never children',
  },
  {
    id: 'unsampled-recorded',
    change: 'spans are made of traces that are not sampled',
    breaks: 'traces: the decision of a client, or of the ratio, holds in all services',
    file: TRACEPARENT,
    find: 'return Number.parseInt(flags, 16) & SAMPLED ? { traceId, spanId } : undefined;',
    replace: 'return { traceId, spanId };',
    noticedIn: TRACEPARENT_TEST,
    noticedBy: 'the place of a span, only if its trace is sampled',
  },
  {
    id: 'spans-without-bound',
    change: 'spans wait without a bound',
    breaks: 'traces: the loss of the collector costs spans, and no memory',
    file: OTLP,
    find: 'const MOST_WAITING = 2_048;',
    replace: 'const MOST_WAITING = 2_048_000;',
    noticedIn: EXPORT_TEST,
    noticedBy: 'while an endpoint hangs, a bounded number of spans waits',
  },
  {
    id: 'refused-spans-unreported',
    change: 'spans that a response with status 200 refuses are taken for exported',
    breaks: 'traces: the log says that spans are lost',
    file: EXPORTER,
    find: 'const failure = refusal ?? (error && withoutItsText(error));',
    replace: 'const failure = error && withoutItsText(error);',
    noticedIn: EXPORT_TEST,
    noticedBy: 'spans that a response with status 200 does not take are reported',
  },
  {
    id: 'endpoint-text-in-the-log',
    change: 'the failure of an export has what the endpoint wrote',
    breaks: 'traces: no log line has the secret of OTEL_EXPORTER_OTLP_HEADERS',
    file: EXPORTER,
    find: 'const failure = refusal ?? (error && withoutItsText(error));',
    replace: 'const failure = refusal ?? error;',
    noticedIn: EXPORT_TEST,
    noticedBy: 'a failure has nothing that the endpoint wrote: it can repeat secret headers',
  },
];
