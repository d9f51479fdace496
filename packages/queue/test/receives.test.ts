import type { Message } from '@aws-sdk/client-sqs';
import t from 'tap';
import {
  CUT_OFFS_ATTRIBUTE,
  copyOf,
  cutOffsBefore,
  factsOf,
  isSpent,
  RECEIVES_ATTRIBUTE,
  receivesOfQueue,
  replacementOf,
} from '../src/receives.ts';

const number = (value: string) => ({ DataType: 'Number', StringValue: value });

/** A message that its queue has given out `receives` times, and that brings what its attributes say. */
function message(receives: number, brings: { before?: string; cutOffs?: string } = {}): Message {
  return {
    MessageId: 'm',
    Body: '{}',
    Attributes: { ApproximateReceiveCount: String(receives) },
    MessageAttributes: {
      traceparent: { DataType: 'String', StringValue: '00-a' },
      ...(brings.before !== undefined && { [RECEIVES_ATTRIBUTE]: number(brings.before) }),
      ...(brings.cutOffs !== undefined && { [CUT_OFFS_ATTRIBUTE]: number(brings.cutOffs) }),
    },
  };
}

t.test('a message is what SQS says of it; where SQS says nothing, it is the first receive', async (t) => {
  t.strictSame(factsOf(message(2), 8), { messageId: 'm', body: '{}', receiveCount: 2, isLastReceive: false });
  t.strictSame(factsOf({}, 8), { messageId: '', body: '', receiveCount: 1, isLastReceive: false });
  t.equal(receivesOfQueue({ Attributes: {} }), 1);
});

t.test('P3: the last receive is the one that maxReceiveCount allows, and any beyond it', async (t) => {
  const isLast = [7, 8, 9].map((receives) => factsOf(message(receives), 8).isLastReceive);
  t.strictSame(isLast, [false, true, true]);
});

t.test('P3: the receives before a copy count, and leave it one at least', async (t) => {
  t.equal(factsOf(message(1, { before: '3' }), 8).receiveCount, 4);
  t.match(factsOf(message(1, { before: '7' }), 8), { receiveCount: 8, isLastReceive: true });
  t.match(factsOf(message(1, { before: '12' }), 8), { receiveCount: 8, isLastReceive: true });
});

t.test('an attribute that is no count of receives counts for none', async (t) => {
  for (const before of ['-1', '1.5', 'many', ''])
    t.equal(factsOf(message(1, { before }), 8).receiveCount, 1, before);
});

t.test('P3: a copy is spent when its last receive is behind it, though its queue gives it out', async (t) => {
  t.equal(isSpent(message(1, { before: '7' }), 8), false, 'its last receive');
  t.equal(isSpent(message(2, { before: '7' }), 8), true);
  t.equal(isSpent(message(8, { before: '7' }), 8), true);
});

t.test(
  'P3: a message that its queue gives out beyond the known limit is not spent: the limit is another',
  async (t) => {
    t.equal(isSpent(message(9), 8), false);
    t.equal(isSpent(message(9, { before: '7' }), 8), false);
  },
);

t.test('P3: a copy brings its receives along, without the one that does not count', async (t) => {
  const received = message(2, { before: '3', cutOffs: '1' });
  t.equal(cutOffsBefore(received), 1);
  t.strictSame(copyOf(received, factsOf(received, 8), 2), {
    body: '{}',
    attributes: {
      traceparent: { DataType: 'String', StringValue: '00-a' },
      [RECEIVES_ATTRIBUTE]: number('4'),
      [CUT_OFFS_ATTRIBUTE]: number('2'),
    },
  });
  t.equal(copyOf({}, factsOf({}, 8), 0).body, '');
});

t.test('what takes the place of a message has had no receives, and keeps its other attributes', async (t) => {
  t.strictSame(replacementOf(message(2, { before: '3', cutOffs: '1' }), 'new'), {
    body: 'new',
    attributes: {
      traceparent: { DataType: 'String', StringValue: '00-a' },
      [RECEIVES_ATTRIBUTE]: number('0'),
      [CUT_OFFS_ATTRIBUTE]: number('0'),
    },
  });
});
