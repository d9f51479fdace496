import t from 'tap';
import { sampledPlaceOf, traceIdOf, traceparentFrom } from '../src/index.ts';
import { newSpanId, newTraceId } from '../src/traceparent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const ones = (count: number) => new Uint8Array(count).fill(0x11);
const NEW = `00-${'11'.repeat(16)}-${'11'.repeat(8)}-01`;

t.test("a caller's trace goes on with a new span", async (t) => {
  t.equal(traceparentFrom(`00-${TRACE}-${PARENT}-01`, ones), `00-${TRACE}-${'11'.repeat(8)}-01`);
  t.equal(traceparentFrom(`00-${TRACE}-${PARENT}-00`, ones), `00-${TRACE}-${'11'.repeat(8)}-00`);
  t.equal(traceparentFrom(`00-${TRACE}-${PARENT}-03`, ones), `00-${TRACE}-${'11'.repeat(8)}-03`, 'as it is');
  t.equal(traceparentFrom(`  00-${TRACE}-${PARENT}-01 `, ones), `00-${TRACE}-${'11'.repeat(8)}-01`);
});

t.test('a later version is read as far as it is known', async (t) => {
  t.equal(traceparentFrom(`01-${TRACE}-${PARENT}-03-more`, ones), `00-${TRACE}-${'11'.repeat(8)}-01`);
  t.equal(traceparentFrom(`cc-${TRACE}-${PARENT}-02`, ones), `00-${TRACE}-${'11'.repeat(8)}-00`);
});

t.test('without a valid one a new trace begins', async (t) => {
  for (const header of [
    undefined,
    '',
    'garbage',
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-01-more`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-1`,
    `garbage 00-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01 garbage`,
  ]) {
    t.equal(traceparentFrom(header, ones), NEW, `${header}`);
  }
});

t.test('an id is never all zero, whatever chance gives', async (t) => {
  let calls = 0;
  const zeroFirst = (count: number) => new Uint8Array(count).fill(calls++ % 2);
  t.equal(traceparentFrom(undefined, zeroFirst), `00-${'01'.repeat(16)}-${'01'.repeat(8)}-01`);
});

t.test('an id that ends in zeros is an id', async (t) => {
  const traceId = TRACE.replace(/.{8}$/, '00000000');
  t.equal(traceIdOf(`00-${traceId}-${PARENT}-01`), traceId);
});

t.test('new ids have the lengths of their kinds', async (t) => {
  t.equal(newTraceId(ones), '11'.repeat(16));
  t.equal(newSpanId(ones), '11'.repeat(8));
});

t.test('the trace id of a traceparent', async (t) => {
  t.equal(traceIdOf(`00-${TRACE}-${PARENT}-01`), TRACE);
  for (const malformed of ['', 'garbage', `00-${TRACE}-${'0'.repeat(16)}-01`, `ff-${TRACE}-${PARENT}-01`])
    t.equal(traceIdOf(malformed), '', malformed);
});

t.test('a part of the new traces is sampled, by their ids; a caller decides for its own', async (t) => {
  const flagsOf = (lastByte: number, ratio: number, header?: string) => {
    const bytes = (count: number) => new Uint8Array(count).fill(lastByte);
    return traceparentFrom(header, bytes, ratio).slice(-2);
  };
  t.equal(flagsOf(0x11, 0.07), '01', '0x11… of 0xff… is 6.7 %');
  t.equal(flagsOf(0x11, 0.06), '00');
  t.equal(flagsOf(0xff, 1), '01');
  t.equal(flagsOf(0x01, 0), '00');
  t.equal(flagsOf(0xff, 0, `00-${TRACE}-${PARENT}-01`), '01');
  t.equal(flagsOf(0x01, 1, `00-${TRACE}-${PARENT}-00`), '00');
});

t.test('the place of a span, only if its trace is sampled', async (t) => {
  t.strictSame(sampledPlaceOf(`00-${TRACE}-${PARENT}-01`), { traceId: TRACE, spanId: PARENT });
  t.strictSame(sampledPlaceOf(`00-${TRACE}-${PARENT}-03`), { traceId: TRACE, spanId: PARENT });
  for (const none of [undefined, '', 'garbage', `00-${TRACE}-${PARENT}-00`, `00-${TRACE}-${PARENT}-02`])
    t.equal(sampledPlaceOf(none), undefined, `${none}`);
});
