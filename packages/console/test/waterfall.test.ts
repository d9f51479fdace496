import type { Upload } from '@upload-once/uploads';
import t from 'tap';
import type { Span } from '../src/index.ts';
import { barsOfMoments, barsOfSpans, MOST_BARS } from '../src/waterfall.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const UPLOAD: Upload = {
  key: 'uploads/a',
  state: 'PROCESSED',
  apiKeyId: 'key-1',
  issuedAt: at(0),
  expiresAt: at(30),
  constraints: { method: 'post', minBytes: 0, maxBytes: 10 },
  metadata: {},
  traceparent: '',
  attempt: 1,
  claimed: { versionId: 'v', eTag: 'e', sizeBytes: 1, storedAt: at(2), claimedAt: at(3) },
  acceptedAt: at(4),
  processedAt: at(6),
};
const shape = (upload: Upload) =>
  barsOfMoments(upload).map(({ name, startMs, endMs, isError }) => [name, startMs, endMs, isError]);
const ms = (second: number) => at(second).getTime();

t.test('the moments of an upload, as far as it came', async (t) => {
  const { claimed: _claimed, acceptedAt: _accepted, processedAt: _processed, ...issued } = UPLOAD;
  t.strictSame(shape(UPLOAD), [
    ['issue', ms(0), ms(0), false],
    ['upload', ms(0), ms(2), false],
    ['event', ms(2), ms(3), false],
    ['copy', ms(3), ms(4), false],
    ['process', ms(4), ms(6), false],
  ]);
  t.strictSame(shape(issued), [['issue', ms(0), ms(0), false]]);
  t.strictSame(shape({ ...issued, revokedAt: at(5) }).at(-1), ['revoke', ms(5), ms(5), false]);
  const { processedAt: _, ...accepted } = UPLOAD;
  t.strictSame(shape({ ...accepted, failedAt: at(9) }).at(-1), ['process', ms(4), ms(9), true]);
  t.equal(shape(accepted).length, 4);
});

t.test('a clock that is ahead makes no bar that ends before it begins', async (t) => {
  for (const { startMs, endMs } of barsOfMoments({ ...UPLOAD, issuedAt: at(5) })) t.ok(endMs >= startMs);
});

const span = (spanId: string, startMs: number, parentSpanId?: string): Span => ({
  spanId,
  ...(parentSpanId && { parentSpanId }),
  name: spanId,
  service: 's',
  startMs,
  endMs: startMs + 1,
  isError: false,
  attributes: { 'a.b': 'c' },
  links: ['f'.repeat(32)],
});

t.test('each span stands below its parent, in the order of their beginnings', async (t) => {
  const bars = barsOfSpans([
    span('late-child', 30, 'root'),
    span('grandchild', 25, 'child'),
    span('root', 10),
    span('child', 20, 'root'),
    span('of-a-parent-elsewhere', 5, 'not-there'),
  ]);
  t.strictSame(
    bars.map(({ name, depth }) => [name, depth]),
    [
      ['of-a-parent-elsewhere', 0],
      ['root', 0],
      ['child', 1],
      ['grandchild', 2],
      ['late-child', 1],
    ],
  );
  t.equal(bars[0]?.detail, `a.b = c\nlinked to trace ${'f'.repeat(32)}`);
});

t.test('a circle of parents, a span twice, and any number of spans are drawn, and end', async (t) => {
  t.equal(barsOfSpans([span('a', 1, 'b'), span('b', 2, 'a')]).length, 2);
  t.equal(barsOfSpans([span('a', 1, 'a')]).length, 1);
  t.equal(barsOfSpans([span('a', 1), span('a', 1)]).length, 2);
  const many = Array.from({ length: 1_000 }, (_, at) => span(`${at}`, at));
  t.strictSame(
    barsOfSpans(many.toReversed()).map(({ name }) => name),
    many.slice(0, MOST_BARS).map(({ name }) => name),
    'the first ones',
  );
});

t.test('a span whose times no page can show is left out, and hides no other one', async (t) => {
  const span = (spanId: string, startMs: number, endMs: number): Span => ({
    spanId,
    name: spanId,
    service: 's',
    startMs,
    endMs,
    isError: false,
    attributes: {},
    links: [],
  });
  const odd = [1e294, -1, Number.NaN, Number.POSITIVE_INFINITY, Date.UTC(10_000, 0, 1)];
  const spans = [
    ...Array.from({ length: MOST_BARS }, () => span('many', 1e294, 1e294)),
    ...odd.flatMap((ms) => [span('odd', ms, 1), span('odd', 1, ms)]),
    span('of a year', 0, Date.UTC(10_000, 0, 1) - 1),
  ];
  t.strictSame(
    barsOfSpans(spans).map(({ name }) => name),
    ['of a year'],
  );
});
