import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '@upload-once/clock';
import { errorTypeOf, type Span, type SpanAttributes, SpanKind, type Traces } from './span.ts';
import { newSpanId, newTraceId, type SpanPlace, sampledPlaceOf } from './traceparent.ts';

/** Of one span of work. A worker that looks again and again makes no trace without an end. */
const MOST_STEPS = 50;

/**
 * How the span of a piece of work stands to the trace of its upload. `child`: it did something for the upload, or tried to. `link`: it found
 * nothing to do, and is a trace of its own that links to the upload's. `none`: it has no span.
 */
export type Relation = 'none' | 'link' | 'child';

/** The work on one message, while it is under way. */
export interface Work {
  /** The traceparent of its upload, as soon as it is known. Without a sampled one nothing is recorded. */
  traceparent: string | undefined;
  relation: Relation;
  /** The `error.type` of work that has failed although it does not reject with what failed. */
  failure?: string;
  /** Attributes that came to light during the work. */
  attributes: Record<string, string | number | boolean>;
}

/** A part of a piece of work that is under way. */
export interface Step {
  /** Called once. @param error undefined: it succeeded */
  end(error?: unknown): void;
}

export interface WorkTraces {
  /**
   * Runs the work on one message, as a span. It settles as `work` does.
   * @param attributes made only if the span is recorded
   */
  run<T>(name: string, attributes: () => SpanAttributes, work: () => Promise<T>): Promise<T>;
  /** The work that the caller is a part of; undefined: none. */
  current(): Work | undefined;
  /** Begins a part of the current work; undefined: there is no work, or it has too many parts. @param place from `placeForStep` */
  beginStep(name: string, place?: SpanPlace): Step | undefined;
  /** For a part that has not begun, and whose place others have to know; undefined: nothing is recorded. */
  placeForStep(): SpanPlace | undefined;
  /**
   * Makes the call as a part of the current work. It settles as the call does.
   * @param isPart whether a call with this result has a span; by default it has
   */
  step<T>(name: string, call: () => Promise<T>, isPart?: (result: T) => boolean): Promise<T>;
  /** A span of the upload's trace that nothing here ran in, such as one made afterwards. */
  recordOf(traceparent: string, span: Pick<Span, 'name' | 'startMs' | 'endMs' | 'attributes'>): void;
}

interface StepTaken {
  readonly work: WorkUnderWay;
  readonly name: string;
  readonly startMs: number;
  endMs: number;
  readonly spanId: string | undefined;
  error: { readonly thrown: unknown } | undefined;
}

interface WorkUnderWay extends Work {
  readonly steps: StepTaken[];
  readonly startMs: number;
  /** What `clock.monotonicMs()` was at `startMs`. */
  readonly startedAtMs: number;
}

/**
 * Makes the spans of a service's work on messages. A piece of work is measured first; its spans are made when it is over, and only if its
 * upload's trace is sampled. So what is not sampled costs a few readings of the clock.
 *
 * @param options.randomBytes cryptographic randomness, for ids
 * @param options.isFailure whether work, or a part of it, that ended with this error has failed
 */
export function createWorkTraces(options: {
  readonly traces: Traces;
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly isFailure: (error: unknown) => boolean;
}): WorkTraces {
  const { traces, clock, randomBytes, isFailure } = options;
  const underWay = new AsyncLocalStorage<WorkUnderWay>();

  function nowMs({ startMs, startedAtMs }: WorkUnderWay): number {
    return startMs + (clock.monotonicMs() - startedAtMs);
  }

  function errorTypeIn(end: { readonly thrown: unknown } | undefined): string | undefined {
    return end && isFailure(end.thrown) ? errorTypeOf(end.thrown) : undefined;
  }

  function recordWork(
    name: string,
    work: WorkUnderWay,
    attributes: () => SpanAttributes,
    failure: { readonly thrown: unknown } | undefined,
  ): void {
    const upload = work.relation === 'none' ? undefined : sampledPlaceOf(work.traceparent);
    if (!upload) return;
    const isChild = work.relation === 'child';
    const traceId = isChild ? upload.traceId : newTraceId(randomBytes);
    const spanId = newSpanId(randomBytes);
    traces.record({
      name,
      kind: SpanKind.consumer,
      traceId,
      spanId,
      ...(isChild ? { parentSpanId: upload.spanId } : { links: [upload] }),
      startMs: work.startMs,
      endMs: nowMs(work),
      ...outcomeOf({ ...attributes(), ...work.attributes }, work.failure ?? errorTypeIn(failure)),
    });
    for (const step of work.steps)
      traces.record({
        name: step.name,
        kind: SpanKind.internal,
        traceId,
        spanId: step.spanId ?? newSpanId(randomBytes),
        parentSpanId: spanId,
        startMs: step.startMs,
        endMs: step.endMs,
        ...outcomeOf({}, errorTypeIn(step.error)),
      });
  }

  function takeStep(name: string, spanId?: string): StepTaken | undefined {
    const work = underWay.getStore();
    if (!work || work.steps.length >= MOST_STEPS) return undefined;
    const startMs = nowMs(work);
    const step: StepTaken = { work, name, startMs, endMs: startMs, spanId, error: undefined };
    work.steps.push(step);
    return step;
  }

  function endStep(step: StepTaken | undefined, error?: { readonly thrown: unknown }): void {
    if (!step) return;
    step.endMs = nowMs(step.work);
    step.error = error;
  }

  return {
    async run(name, attributes, call) {
      const work: WorkUnderWay = {
        traceparent: undefined,
        relation: 'none',
        attributes: {},
        steps: [],
        startMs: clock.now().getTime(),
        startedAtMs: clock.monotonicMs(),
      };
      try {
        const result = await underWay.run(work, call);
        recordWork(name, work, attributes, undefined);
        return result;
      } catch (thrown) {
        recordWork(name, work, attributes, { thrown });
        throw thrown;
      }
    },

    current: () => underWay.getStore(),

    beginStep(name, place) {
      const step = takeStep(name, place?.spanId);
      return step && { end: (error) => endStep(step, error === undefined ? undefined : { thrown: error }) };
    },

    placeForStep() {
      const work = underWay.getStore();
      // Only of a child of the upload's trace is the trace known by now.
      const upload = work?.relation === 'child' ? sampledPlaceOf(work.traceparent) : undefined;
      return upload && { traceId: upload.traceId, spanId: newSpanId(randomBytes) };
    },

    async step(name, call, isPart = () => true) {
      const step = takeStep(name);
      try {
        const result = await call();
        endStep(step);
        if (step && !isPart(result)) step.work.steps.splice(step.work.steps.indexOf(step), 1);
        return result;
      } catch (thrown) {
        endStep(step, { thrown });
        throw thrown;
      }
    },

    recordOf(traceparent, span) {
      const upload = sampledPlaceOf(traceparent);
      if (!upload) return;
      traces.record({
        ...span,
        kind: SpanKind.internal,
        traceId: upload.traceId,
        spanId: newSpanId(randomBytes),
        parentSpanId: upload.spanId,
      });
    },
  };
}

function outcomeOf(
  attributes: SpanAttributes,
  errorType: string | undefined,
): Pick<Span, 'attributes' | 'hasFailed'> {
  if (errorType === undefined) return { attributes };
  return { attributes: { ...attributes, 'error.type': errorType }, hasFailed: true };
}
