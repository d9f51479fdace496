export { createTraces } from './create-traces.ts';
export { messageAttributes } from './message-attributes.ts';
export type { ProcessTraces } from './process-traces.ts';
export {
  errorTypeOf,
  type Span,
  type SpanAttributes,
  SpanKind,
  type SpanPlace,
  type Traces,
} from './span.ts';
export { sampledPlaceOf, traceIdOf, traceparentFrom } from './traceparent.ts';
export { createWorkTraces, type Relation, type WorkTraces } from './work-traces.ts';
