import t from 'tap';
import { traceIdOf, traceparentFrom } from '../src/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const ones = (count: number) => new Uint8Array(count).fill(0x11);
const NEW = `00-${'11'.repeat(16)}-${'11'.repeat(8)}-01`;

t.test("a caller's trace goes on with a new span", async (t) => {
  t.equal(traceparentFrom(`00-${TRACE}-${PARENT}-01`, ones), `00-${TRACE}-${'11'.repeat(8)}-01`);
  t.equal(traceparentFrom(`00-${TRACE}-${PARENT}-00`, ones), `00-${TRACE}-${'11'.repeat(8)}-00`);
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
  ]) {
    t.equal(traceparentFrom(header, ones), NEW, `${header}`);
  }
});

t.test('an id is never all zero, whatever chance gives', async (t) => {
  let calls = 0;
  const zeroFirst = (count: number) => new Uint8Array(count).fill(calls++ % 2);
  t.equal(traceparentFrom(undefined, zeroFirst), `00-${'01'.repeat(16)}-${'01'.repeat(8)}-01`);
});

t.test('the trace id of a traceparent', async (t) => {
  t.equal(traceIdOf(`00-${TRACE}-${PARENT}-01`), TRACE);
  for (const malformed of ['', 'garbage', `00-${TRACE}-${'0'.repeat(16)}-01`, `ff-${TRACE}-${PARENT}-01`])
    t.equal(traceIdOf(malformed), '', malformed);
});
