import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createWorkTraces, type Relation, type Span, SpanKind } from '../src/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
const UPLOAD = { traceId: TRACE, spanId: PARENT };

class Waits extends Error {}

/** Work whose upload is found at once, in time that the test moves. */
function watched(options: { readonly traceparent?: string; readonly relation?: Relation } = {}) {
  const clock = new VirtualClock(new Date(5_000));
  let setForwardMs = 0;
  const spans: Span[] = [];
  let id = 0;
  const traces = createWorkTraces({
    traces: { record: (span) => void spans.push(span) },
    clock: {
      now: () => new Date(clock.now().getTime() + setForwardMs),
      monotonicMs: () => clock.monotonicMs(),
    },
    randomBytes: (count) => new Uint8Array(count).fill(++id),
    isFailure: (error) => !(error instanceof Waits),
  });
  const run = (work: () => Promise<unknown>) =>
    traces.run(
      'accept',
      () => ({ known: 'before' }),
      async () => {
        const current = traces.current();
        if (current)
          Object.assign(current, {
            traceparent: options.traceparent ?? SAMPLED,
            relation: options.relation ?? 'child',
          });
        return work();
      },
    );
  const pass = async (ms: number) => clock.advance(ms);
  const setClock = (forwardMs: number) => {
    setForwardMs = forwardMs;
  };
  return { traces, spans, run, pass, setClock };
}

t.test('work on an upload is a child of its span, and its parts are children of the work', async (t) => {
  const { traces, spans, run, pass } = watched();
  const result = await run(async () => {
    await pass(10);
    const current = traces.current();
    if (current) current.attributes['found'] = 7;
    await traces.step('copy', () => pass(20));
    await pass(30);
    return 'result';
  });
  t.equal(result, 'result');
  const [work, part, ...more] = spans;
  t.match(work, { name: 'accept', kind: SpanKind.consumer, traceId: TRACE, parentSpanId: PARENT });
  t.match(work, { startMs: 5_000, endMs: 5_060, attributes: { known: 'before', found: 7 } });
  t.notOk(work?.links);
  t.match(part, { name: 'copy', kind: SpanKind.internal, traceId: TRACE, parentSpanId: work?.spanId });
  t.match(part, { startMs: 5_010, endMs: 5_030, attributes: {} });
  t.not(part?.spanId, work?.spanId);
  t.strictSame(more, []);
});

t.test('a clock that is set during the work changes no length', async (t) => {
  const { traces, spans, run, pass, setClock } = watched();
  await run(async () => {
    await pass(10);
    setClock(-3_600_000);
    await traces.step('copy', () => pass(20));
    setClock(3_600_000);
  });
  t.match(spans, [
    { name: 'accept', startMs: 5_000, endMs: 5_030 },
    { name: 'copy', startMs: 5_010, endMs: 5_030 },
  ]);
});

t.test('work that finds nothing to do is a trace of its own, which links to the upload', async (t) => {
  const { traces, spans, run, pass } = watched({ relation: 'link' });
  await run(() => traces.step('list', () => pass(1)));
  const [work, part] = spans;
  t.strictSame(work?.links, [UPLOAD]);
  t.equal(work?.parentSpanId, undefined);
  t.not(work?.traceId, TRACE);
  t.match(part, { traceId: work?.traceId, parentSpanId: work?.spanId });
});

t.test(
  'nothing is recorded of an upload that is unknown or not sampled, and of work that is none',
  async (t) => {
    for (const options of [
      { traceparent: '' },
      { traceparent: `00-${TRACE}-${PARENT}-00` },
      { relation: 'none' as const },
    ]) {
      const { traces, spans, run } = watched(options);
      await run(() =>
        traces.step('copy', async () => {
          t.equal(traces.placeForStep(), undefined);
        }),
      );
      t.strictSame(spans, [], JSON.stringify(options));
    }
  },
);

t.test('what fails says so by a code alone, and rejects as it did', async (t) => {
  const { traces, spans, run } = watched();
  const failure = Object.assign(new Error('with a secret'), { code: 'TargetThere' });
  const failing = () => traces.step('copy', () => Promise.reject(failure));
  await t.rejects(run(failing), failure);
  for (const span of spans) t.match(span, { hasFailed: true, attributes: { 'error.type': 'TargetThere' } });
  t.equal(spans.length, 2);
  t.notMatch(JSON.stringify(spans), 'secret');
});

t.test('a code has so many characters', async (t) => {
  const { spans, run } = watched();
  const failure = Object.assign(new Error('no'), { code: 'x'.repeat(16_000) });
  await t.rejects(
    run(() => Promise.reject(failure)),
    failure,
  );
  t.equal(spans[0]?.attributes['error.type'], 'x'.repeat(128));
});

t.test('work that waits has not failed; work that says so has', async (t) => {
  const { traces, spans, run } = watched();
  await t.rejects(
    run(async () => {
      throw new Waits('later');
    }),
    { message: 'later' },
  );
  await t.rejects(
    run(async () => {
      const current = traces.current();
      if (current) current.failure = '503';
      throw new Waits('later');
    }),
    { message: 'later' },
  );
  t.notOk(spans[0]?.hasFailed);
  t.notOk(spans[0]?.attributes['error.type']);
  t.match(spans[1], { hasFailed: true, attributes: { 'error.type': '503' } });
});

t.test('a part can have its place before it begins, and can turn out to be none', async (t) => {
  const { traces, spans, run, pass } = watched();
  let place: ReturnType<typeof traces.placeForStep>;
  await run(async () => {
    place = traces.placeForStep();
    await pass(1);
    const step = traces.beginStep('handler', place);
    await pass(2);
    step?.end(new TypeError('no'));
    await traces.step(
      'lease',
      async () => false,
      (isTaken) => isTaken,
    );
  });
  t.match(place, { traceId: TRACE });
  t.match(spans[1], { ...place, name: 'handler', startMs: 5_001, endMs: 5_003, hasFailed: true });
  t.equal(spans.length, 2, 'no lease');
});

t.test('works that run at once do not mix', async (t) => {
  const { traces, spans, run } = watched();
  const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = run(() =>
    traces.step('copy', async () => {
      begun.resolve();
      await go.promise;
    }),
  );
  await begun.promise;
  await run(() => traces.step('claim', async () => undefined));
  go.resolve();
  await first;
  t.strictSame(
    spans.map(({ name }) => name),
    ['accept', 'claim', 'accept', 'copy'],
  );
});

t.test('work that looks again and again has 50 parts, and outside of work there are none', async (t) => {
  const { traces, spans, run } = watched();
  await run(async () => {
    for (let count = 0; count < 60; count += 1) await traces.step('claim', async () => undefined);
  });
  t.equal(spans.length, 51);
  t.equal(await traces.step('claim', async () => 5), 5);
  t.equal(traces.beginStep('handler'), undefined);
  t.equal(traces.placeForStep(), undefined);
  t.equal(spans.length, 51);
});

t.test('a span that is made afterwards has the times that it is given', async (t) => {
  const { traces, spans } = watched();
  traces.recordOf(SAMPLED, { name: 'upload', startMs: 1_000, endMs: 2_000, attributes: { a: 'b' } });
  traces.recordOf(`00-${TRACE}-${PARENT}-00`, { name: 'upload', startMs: 1, endMs: 2, attributes: {} });
  t.match(spans, [{ name: 'upload', startMs: 1_000, endMs: 2_000, traceId: TRACE, parentSpanId: PARENT }]);
  t.equal(spans.length, 1);
});
