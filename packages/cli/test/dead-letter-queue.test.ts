import t from 'tap';
import { countDeadLetters, lookAtDeadLetters } from '../src/repair/index.ts';
import { eventFor, startDeadLetters } from './dead-letters.ts';

t.test('a look shows what lies there, and changes nothing', async (t) => {
  const letters = await startDeadLetters(t);
  const bodies = ['not ours', ...Array.from({ length: 12 }, (_, at) => eventFor(`uploads/file-${at}`))];
  await letters.die(...bodies);
  t.strictSame(await countDeadLetters(letters.sqs, letters.deadLetterUrl), { visible: 13, hidden: 0 });
  const seen = await lookAtDeadLetters(letters.sqs, letters.deadLetterUrl, 50);
  t.strictSame(seen.map(({ body }) => body).sort(), bodies.sort());
  t.match(
    seen.find(({ events }) => events?.[0]?.key === 'uploads/file-0'),
    { receiveCount: 1, sentAt: Date, unknownReason: '', events: [{ versionId: 'v1' }] },
  );
  const unknown = seen.find(({ body }) => body === 'not ours');
  t.equal(unknown?.events, undefined);
  t.match(unknown?.unknownReason, /not JSON/);
  t.strictSame(await letters.bodies(letters.deadLetterUrl), bodies.sort(), 'all are visible at once');
});

t.test('no more is looked at than was asked for', async (t) => {
  const letters = await startDeadLetters(t);
  await letters.die(...Array.from({ length: 15 }, (_, at) => `message ${at}`));
  t.equal((await lookAtDeadLetters(letters.sqs, letters.deadLetterUrl, 12)).length, 12);
  t.match(await letters.depth(letters.deadLetterUrl), { visible: 15, hidden: 0 });
});

t.test('what becomes visible again while it is looked at is shown once, and the look ends', async (t) => {
  const letters = await startDeadLetters(t);
  await letters.die('a', 'b', 'c');
  letters.hook('ReceiveMessage', async (input, proceed) => {
    input.VisibilityTimeout = 0;
    return proceed();
  });
  const seen = await lookAtDeadLetters(letters.sqs, letters.deadLetterUrl, 50);
  t.strictSame(seen.map(({ body }) => body).sort(), ['a', 'b', 'c']);
});

t.test('a look that fails gives back what it had', async (t) => {
  const letters = await startDeadLetters(t);
  await letters.die(...Array.from({ length: 12 }, (_, at) => `message ${at}`));
  let receives = 0;
  letters.hook('ReceiveMessage', async (_, proceed) => {
    receives += 1;
    if (receives === 2) throw new Error('socket hang up');
    return proceed();
  });
  await t.rejects(lookAtDeadLetters(letters.sqs, letters.deadLetterUrl, 50), /socket hang up/);
  t.match(await letters.depth(letters.deadLetterUrl), { visible: 12, hidden: 0 });
});

t.test('an empty queue shows nothing', async (t) => {
  const letters = await startDeadLetters(t);
  t.strictSame(await lookAtDeadLetters(letters.sqs, letters.deadLetterUrl, 50), []);
});
