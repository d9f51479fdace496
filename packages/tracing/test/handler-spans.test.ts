import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createHandlerSpans, MOST_HANDLER_SPANS } from '../src/handler-spans.ts';
import type { Span } from '../src/index.ts';

const PLACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

const redact = (text: string, most: number) => text.replaceAll('secret', '-').slice(0, most);

function spansOfRun() {
  const clock = new VirtualClock(new Date(5_000));
  const spans: Span[] = [];
  let id = 0;
  const span = createHandlerSpans({
    place: PLACE,
    record: (each) => void spans.push(each),
    redact,
    clock,
    randomBytes: (count) => new Uint8Array(count).fill(++id % 255 || 1),
  });
  return { span, spans, clock };
}

t.test('a span within a span is its child, one beside it is not', async (t) => {
  const { span, spans, clock } = spansOfRun();
  const result = await span('outer', async () => {
    clock.advance(10);
    await Promise.all([span('inner', () => clock.advance(5)), span('beside', async () => undefined)]);
    return 'result';
  });
  await span('after', () => undefined);
  t.equal(result, 'result');
  const named = (name: string) => spans.find((each) => each.name === name);
  t.match(named('outer'), {
    traceId: PLACE.traceId,
    parentSpanId: PLACE.spanId,
    startMs: 5_000,
    endMs: 5_015,
  });
  t.match(named('inner'), { parentSpanId: named('outer')?.spanId, startMs: 5_010, endMs: 5_015 });
  t.match(named('beside'), { parentSpanId: named('outer')?.spanId });
  t.match(named('after'), { parentSpanId: PLACE.spanId });
});

t.test('a clock that is set during a span changes no length', async (t) => {
  const spans: Span[] = [];
  let wallMs = 5_000;
  let passedMs = 0;
  const span = createHandlerSpans({
    place: PLACE,
    record: (each) => void spans.push(each),
    redact,
    clock: { now: () => new Date(wallMs), monotonicMs: () => passedMs },
    randomBytes: (count) => new Uint8Array(count).fill(1),
  });
  await span('part', () => {
    wallMs -= 3_600_000;
    passedMs += 20;
  });
  t.match(spans, [{ startMs: 5_000, endMs: 5_020 }]);
});

t.test(
  'names and codes are whole characters: a collector can refuse the batch of one that is not',
  async (t) => {
    const { span, spans } = spansOfRun();
    await t.rejects(
      span('half \ud83d', () => Promise.reject(Object.assign(new Error('no'), { code: 'CODE\udc00' }))),
    );
    await span(`${'x'.repeat(127)}😀`, () => undefined);
    t.match(spans, [
      { name: 'half \ufffd', attributes: { 'error.type': 'CODE\ufffd' } },
      { name: `${'x'.repeat(127)}\ufffd` },
    ]);
  },
);

t.test('what fails, at once or later, says so by its name alone, and rejects', async (t) => {
  const { span, spans } = spansOfRun();
  const fail = () => {
    throw new RangeError('with a secret');
  };
  await t.rejects(span('at once', fail), RangeError);
  await t.rejects(
    span('later', async () => fail()),
    RangeError,
  );
  await t.rejects(
    span('nothing', () => Promise.reject(undefined)).catch((error) =>
      Promise.reject(error ?? new Error('none')),
    ),
  );
  t.match(spans, [
    { hasFailed: true, attributes: { 'error.type': 'RangeError' } },
    { hasFailed: true, attributes: { 'error.type': 'RangeError' } },
    { hasFailed: true, attributes: { 'error.type': '_OTHER' } },
  ]);
  t.notMatch(JSON.stringify(spans), 'secret');
});

t.test('without a trace it only runs', async (t) => {
  const spans: Span[] = [];
  const none = createHandlerSpans({
    place: undefined,
    record: (each) => void spans.push(each),
    redact,
    clock: new VirtualClock(),
    randomBytes: () => {
      throw new Error('no id is made');
    },
  });
  t.equal(await none('part', () => 5), 5);
  await t.rejects(
    none('part', () => {
      throw new RangeError('no');
    }),
    RangeError,
  );
  t.strictSame(spans, []);
});

t.test('a run has so many spans, and a name so many characters', async (t) => {
  const { span, spans } = spansOfRun();
  for (let count = 0; count < MOST_HANDLER_SPANS + 5; count += 1)
    t.equal(await span('x'.repeat(200), () => count), count);
  t.equal(spans.length, MOST_HANDLER_SPANS);
  t.equal(spans[0]?.name.length, 128);
});

t.test(
  'a span settles as its run does, whatever its name and error are; a secret in them stays here',
  async (t) => {
    const { span, spans } = spansOfRun();
    const noText = Object.create(null) as string;
    t.equal(await span(noText, () => 5), 5);
    const unreadable = Object.defineProperty(new Error('no'), 'code', {
      get() {
        throw new Error('the getter');
      },
    });
    await t.rejects(
      span('a secret', () => Promise.reject(unreadable)),
      { message: 'no' },
    );
    const long = Object.assign(new Error('no'), { code: `secret${'x'.repeat(1_000_000)}` });
    await t.rejects(
      span('long', () => Promise.reject(long)),
      { message: 'no' },
    );
    t.strictSame(
      spans.map(({ name, attributes }) => [name, attributes['error.type']]),
      [
        ['unnamed (object)', undefined],
        ['a -', '_OTHER'],
        ['long', `-${'x'.repeat(127)}`],
      ],
    );
  },
);
