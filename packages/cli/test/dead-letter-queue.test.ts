import t from 'tap';
import { lookAtDeadLetters } from '../src/repair/index.ts';
import { startDeadLetters } from './dead-letters.ts';

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
