import { CUT_OFFS_ATTRIBUTE, RECEIVES_ATTRIBUTE } from '@upload-once/queue';
import t from 'tap';
import { type DeadLetter, lookAtDeadLetters, Pipeline } from '../src/repair/index.ts';
import { eventFor, startDeadLetters } from './dead-letters.ts';

const named = (count: number) => Array.from({ length: count }, (_, at) => eventFor(`uploads/file-${at}`));

t.test('P3: every message is moved: kept longer, then sent, then deleted', async (t) => {
  const letters = await startDeadLetters(t);
  const bodies = named(12);
  await letters.die(...bodies);
  const outcomes = await letters.redrive({
    records: { keepLonger: async (key) => void letters.calls.push(`keepLonger ${key}`) },
  });
  t.strictSame(outcomes.sort(), bodies.map((body) => [body, 'moved', '']).sort());
  t.strictSame(await letters.bodies(letters.queueUrl), bodies.sort());
  t.match(await letters.depth(letters.deadLetterUrl), { visible: 0, hidden: 0 });
  const order = letters.calls.filter((call) => call !== 'ReceiveMessage');
  t.match(order[0], /^keepLonger/);
  t.equal(
    order.findLastIndex((call) => call.startsWith('keepLonger')) < order.lastIndexOf('SendMessageBatch'),
    true,
  );
  t.equal(order.indexOf('SendMessageBatch') < order.indexOf('DeleteMessageBatch'), true);
});

t.test(
  'the items of the upload are kept, and for an accepted object also those under its own key',
  async (t) => {
    const letters = await startDeadLetters(t);
    await letters.die(eventFor('uploads/a', 'v1'), eventFor('accepted/b', 'v2'));
    const kept: string[] = [];
    await letters.redrive({
      records: { keepLonger: async (key, versionId) => void kept.push(`${key} ${versionId}`) },
    });
    t.strictSame(kept.sort(), ['accepted/b v2', 'uploads/a v1', 'uploads/b v2']);
  },
);

t.test('P3: what can’t be kept longer is not sent, and stays', async (t) => {
  const letters = await startDeadLetters(t);
  const [bad = '', good = ''] = named(2);
  await letters.die(bad, good);
  const outcomes = await letters.redrive({
    records: {
      async keepLonger(key) {
        if (key === 'uploads/file-0') throw new Error('the table is away');
      },
    },
  });
  t.strictSame(outcomes.sort(), [
    [bad, 'failed', 'its items could not be kept longer: the table is away'],
    [good, 'moved', ''],
  ]);
  t.strictSame(await letters.bodies(letters.queueUrl), [good]);
  t.strictSame(await letters.bodies(letters.deadLetterUrl), [bad], 'visible again at once');
});

t.test('P3: of a batch that SQS takes in part the rest stays', async (t) => {
  const letters = await startDeadLetters(t);
  const bodies = named(3);
  await letters.die(...bodies);
  letters.hook('SendMessageBatch', async (input, proceed) => {
    const [refused] = input.Entries.splice(0, 1);
    const response = await proceed();
    const Failed = [{ Id: refused.Id, Code: 'InternalError', Message: 'once more', SenderFault: false }];
    return { ...response, Failed };
  });
  const outcomes = await letters.redrive();
  const failed = outcomes.filter(([, outcome]) => outcome === 'failed');
  t.strictSame(
    failed.map(([, , reason]) => reason),
    ['it could not be sent: InternalError: once more'],
  );
  t.equal(outcomes.filter(([, outcome]) => outcome === 'moved').length, 2);
  t.strictSame(
    [...(await letters.bodies(letters.queueUrl)), ...(await letters.bodies(letters.deadLetterUrl))].sort(),
    bodies.sort(),
    'each is in exactly one queue',
  );
});

t.test('P3: a send whose response was lost leaves the message in both queues', async (t) => {
  const letters = await startDeadLetters(t);
  const [body = ''] = named(1);
  await letters.die(body);
  letters.hook('SendMessageBatch', async (_, proceed) => {
    await proceed();
    throw new Error('socket hang up');
  });
  const outcomes = await letters.redrive();
  t.equal(outcomes.length, 1);
  t.match(outcomes, [[body, 'uncertain', /^it is unknown whether it was sent: Error: socket hang up$/]]);
  t.strictSame(await letters.bodies(letters.queueUrl), [body]);
  t.strictSame(await letters.bodies(letters.deadLetterUrl), [body]);
});

t.test(
  'P3: what can’t be deleted is in both queues, reported as that, and moved by the next redrive',
  async (t) => {
    const letters = await startDeadLetters(t);
    const [body = ''] = named(1);
    await letters.die(body);
    letters.hook('DeleteMessageBatch', async () => {
      throw new Error('socket hang up');
    });
    const outcomes = await letters.redrive();
    t.equal(outcomes.length, 1);
    t.match(outcomes, [[body, 'doubled', /did not delete .* 3 attempts: socket hang up/]]);
    t.strictSame(await letters.bodies(letters.queueUrl), [body]);
    letters.unhook('DeleteMessageBatch');
    t.strictSame(await letters.redrive({ runId: 'run-2' }), [[body, 'moved', '']]);
    t.strictSame(await letters.bodies(letters.queueUrl), [body]);
    t.match(await letters.depth(letters.deadLetterUrl), { visible: 0, hidden: 0 });
  },
);

t.test('messages that are none of ours stay, unless they are asked for', async (t) => {
  const letters = await startDeadLetters(t);
  const [ours = ''] = named(1);
  const notJson = 'hello';
  const elsewhere = eventFor('reports/a');
  const test = JSON.stringify({ Event: 's3:TestEvent' });
  await letters.die(notJson, elsewhere, test, ours);
  const outcomes = await letters.redrive();
  const reasons = new Map(outcomes.map(([body, outcome, reason]) => [body, `${outcome}: ${reason}`]));
  t.match(reasons.get(notJson), /^unknown: no S3 event: the message is not JSON/);
  t.match(reasons.get(elsewhere), /^unknown: it is about reports\/a, which is neither under uploads\//);
  t.equal(reasons.get(test), 'unknown: it is about no new version');
  t.equal(reasons.get(ours), 'moved: ');
  t.strictSame(await letters.bodies(letters.queueUrl), [ours]);

  t.equal((await letters.depth(letters.deadLetterUrl)).visible, 3, 'they are visible again at once');
  const again = await letters.redrive({ includeUnknown: true });
  t.strictSame(
    again.map(([, outcome]) => outcome),
    ['moved', 'moved', 'moved'],
  );
  t.strictSame(await letters.bodies(letters.queueUrl), [elsewhere, notJson, test].sort());
});

t.test('what could not be saved is not deleted, and ends the redrive', async (t) => {
  const letters = await startDeadLetters(t);
  await letters.die('hello');
  const saveUnknown = async () => {
    throw new Error('ENOSPC');
  };
  await t.rejects(letters.redrive({ saveUnknown }), /ENOSPC/);
  t.notOk(letters.calls.includes('DeleteMessageBatch'));
  t.match(await letters.depth(letters.deadLetterUrl), { visible: 1, hidden: 0 });
});

t.test('what was saved and could not be deleted stays, and is reported as that', async (t) => {
  const letters = await startDeadLetters(t);
  await letters.die('hello');
  letters.hook('DeleteMessageBatch', async () => {
    throw new Error('socket hang up');
  });
  const outcomes = await letters.redrive({ saveUnknown: async () => undefined });
  t.match(outcomes, [['hello', 'failed', /^it could not be deleted: .*socket hang up/]]);
  t.strictSame(await letters.bodies(letters.deadLetterUrl), ['hello']);
});

t.test(
  'an event that belongs to the other queue stays, whatever else is moved, and can be deleted',
  async (t) => {
    const letters = await startDeadLetters(t);
    const [misplaced, own] = [eventFor('accepted/a'), eventFor('uploads/b')];
    await letters.die(misplaced, own);
    const purpose = { bucket: 'b', pipelines: [Pipeline.uploads] };
    const outcomes = await letters.redrive({ purpose, includeUnknown: true });
    const reason =
      'wrong queue: it is about accepted/a, which the bucket sends to another queue. No service that reads this one can handle it';
    t.strictSame(
      outcomes.sort(),
      [
        [misplaced, 'wrong-queue', reason],
        [own, 'moved', ''],
      ].sort(),
    );
    t.strictSame(await letters.bodies(letters.queueUrl), [own]);
    const saved: string[] = [];
    const saveUnknown = async (all: readonly DeadLetter[]) => void saved.push(...all.map(({ body }) => body));
    t.strictSame(await letters.redrive({ purpose, saveUnknown }), [[misplaced, 'deleted', '']]);
    t.strictSame(saved, [misplaced]);
  },
);

t.test('what fails again at once does not go round for ever', async (t) => {
  const letters = await startDeadLetters(t);
  const bodies = named(3);
  await letters.die(...bodies);
  // The service that fails at once, and the queue that gives up at once: what is sent is dead again, attributes and all.
  letters.hook('SendMessageBatch', async (input, proceed) => {
    input.QueueUrl = letters.deadLetterUrl;
    return proceed();
  });
  const outcomes = await letters.redrive();
  const count = (outcome: string) => outcomes.filter((each) => each[1] === outcome).length;
  t.equal(count('moved'), 3);
  t.equal(count('came-back'), 3);
  t.equal(outcomes.length, 6);
  t.match(await letters.depth(letters.deadLetterUrl), { visible: 3, hidden: 0 });
  t.equal((await letters.redrive({ runId: 'run-2' })).filter(([, outcome]) => outcome === 'moved').length, 3);
});

t.test('Ctrl-C ends it behind the batch that is under way, and gives the rest back', async (t) => {
  const letters = await startDeadLetters(t);
  const bodies = named(25);
  await letters.die('not ours', ...bodies);
  const interrupt = new AbortController();
  letters.hook('SendMessageBatch', async (_, proceed) => {
    interrupt.abort();
    return proceed();
  });
  const outcomes = await letters.redrive({ signal: interrupt.signal });
  const moved = outcomes.filter(([, outcome]) => outcome === 'moved').map(([body]) => body);
  t.ok(moved.length > 0 && moved.length <= 10, 'one batch');
  t.strictSame(await letters.bodies(letters.queueUrl), moved.sort());
  const left = await letters.bodies(letters.deadLetterUrl);
  t.strictSame([...left, ...moved].sort(), ['not ours', ...bodies].sort(), 'the rest is visible at once');
});

t.test(
  'a dead-letter queue that stops responding ends it; what was moved is reported, what stays is given back',
  async (t) => {
    const letters = await startDeadLetters(t);
    await letters.die('not ours', ...named(1));
    let receives = 0;
    letters.hook('ReceiveMessage', async (_, proceed) => {
      receives += 1;
      if (receives > 1) throw new Error('socket hang up');
      return proceed();
    });
    const outcomes: string[] = [];
    await t.rejects(letters.redrive({ onOutcome: (_, outcome) => outcomes.push(outcome) }), /socket hang up/);
    t.strictSame(outcomes.sort(), ['moved', 'unknown']);
    t.strictSame(await letters.bodies(letters.deadLetterUrl), ['not ours']);
  },
);

t.test('a message that comes back because this takes so long is reported once', async (t) => {
  const letters = await startDeadLetters(t);
  await letters.die('not ours');
  let receives = 0;
  letters.hook('ReceiveMessage', async (input, proceed) => {
    receives += 1;
    // As if two minutes had passed: it is visible again for the second receive.
    if (receives === 1) input.VisibilityTimeout = 0;
    return proceed();
  });
  const outcomes = await letters.redrive();
  t.strictSame(
    outcomes.map(([body, outcome]) => [body, outcome]),
    [['not ours', 'unknown']],
  );
  t.ok(receives >= 3);
  t.match(await letters.depth(letters.deadLetterUrl), { visible: 1, hidden: 0 });
});

t.test('it ends where a message that stays is given again and again, and reports it once', async (t) => {
  const letters = await startDeadLetters(t);
  const [ours = ''] = named(1);
  await letters.die('not ours', ours);
  const hidden: number[] = [];
  letters.hook('ReceiveMessage', async (input, proceed) => {
    hidden.push(input.VisibilityTimeout);
    if (hidden.length > 100) throw new Error('it does not end');
    input.VisibilityTimeout = 0;
    return proceed();
  });
  const outcomes = await letters.redrive();
  t.strictSame(outcomes.map(([body, outcome]) => [body, outcome]).sort(), [
    ['not ours', 'unknown'],
    [ours, 'moved'],
  ]);
  t.equal(Math.max(...hidden), 7_680, 'before that it has tried to hide it for longer');
  t.match(await letters.depth(letters.deadLetterUrl), { visible: 1, hidden: 0 });
});

t.test('it ends where a moved message is given again and again, and sends it once', async (t) => {
  const letters = await startDeadLetters(t);
  const [body = ''] = named(1);
  let receives = 0;
  letters.hook('ReceiveMessage', async () => {
    receives += 1;
    if (receives > 100) throw new Error('it does not end');
    return { Messages: [{ MessageId: 'm1', ReceiptHandle: `r${receives}`, Body: body }] };
  });
  const deleted: string[] = [];
  letters.hook('DeleteMessageBatch', async ({ Entries }) => {
    deleted.push(...Entries.map(({ ReceiptHandle }: { ReceiptHandle: string }) => ReceiptHandle));
    return { Successful: Entries };
  });
  t.strictSame(await letters.redrive(), [[body, 'moved', '']]);
  t.strictSame(await letters.bodies(letters.queueUrl), [body]);
  t.equal(deleted.length, receives, 'it is deleted each time');
});

t.test('P3: what lies behind messages that stay is moved, however long these take', async (t) => {
  const letters = await startDeadLetters(t);
  const [ours = ''] = named(1);
  // A queue in virtual time that gives the first ten that are visible; each receive takes a minute.
  const queue = [...Array.from({ length: 99 }, (_, at) => `not ours ${at}`), ours].map((Body) => ({
    Body,
    visibleAt: 0,
  }));
  let seconds = 0;
  let receives = 0;
  letters.hook('ReceiveMessage', async ({ VisibilityTimeout }) => {
    receives += 1;
    if (receives > 200) throw new Error('it does not end');
    seconds += 60;
    const given = queue.filter(({ visibleAt }) => visibleAt <= seconds).slice(0, 10);
    for (const message of given) message.visibleAt = seconds + VisibilityTimeout;
    return { Messages: given.map(({ Body }) => ({ Body, MessageId: Body, ReceiptHandle: Body })) };
  });
  letters.hook('DeleteMessageBatch', async ({ Entries }) => ({ Successful: Entries }));
  letters.hook('ChangeMessageVisibilityBatch', async () => ({}));
  const outcomes = await letters.redrive();
  t.strictSame(
    outcomes.filter(([, outcome]) => outcome === 'moved').map(([body]) => body),
    [ours],
  );
  t.equal(outcomes.length, 100, 'each is told of once');
});

t.test('P3: its attributes go with a message, but for the receives that a stop had counted', async (t) => {
  const letters = await startDeadLetters(t);
  const [body = ''] = named(1);
  await letters.die(body);
  letters.hook('ReceiveMessage', async (_, proceed) => {
    const response = await proceed();
    for (const message of response.Messages ?? []) {
      const of = { DataType: 'String', StringValue: 'another sender' };
      const seven = { DataType: 'Number', StringValue: '7' };
      message.MessageAttributes = { of, [RECEIVES_ATTRIBUTE]: seven, [CUT_OFFS_ATTRIBUTE]: seven };
    }
    return response;
  });
  await letters.redrive();
  const [moved] = await letters.receiveAll(letters.queueUrl);
  t.match(moved?.MessageAttributes, {
    of: { StringValue: 'another sender' },
    'upload-once-redrive': { StringValue: 'run-1' },
    [RECEIVES_ATTRIBUTE]: undefined,
    [CUT_OFFS_ATTRIBUTE]: undefined,
  });
});

t.test('of those that it was given it moves each, and leaves the others where they are', async (t) => {
  const letters = await startDeadLetters(t);
  const bodies = named(25);
  await letters.die(...bodies);
  const seen = await lookAtDeadLetters(letters.sqs, letters.deadLetterUrl, 25);
  const shown = seen.slice(0, 12);
  const outcomes = await letters.redrive({ only: new Set(shown.map(({ messageId }) => messageId)) });
  const moved = outcomes.flatMap(([body, outcome]) => (outcome === 'moved' ? body : []));
  const left = outcomes.filter(([, outcome]) => outcome !== 'moved');
  t.strictSame(await letters.bodies(letters.queueUrl), moved.sort());
  t.equal(moved.length, 12);
  t.ok(left.every(([, outcome, reason]) => outcome === 'left' && reason === 'it was not shown'));
  t.match(await letters.depth(letters.deadLetterUrl), { visible: 13, hidden: 0 });
});
