import t from 'tap';
import { contentOf } from '../src/content.ts';
import { assertCounts, assertKillPoints, startWorkers } from './support/kill-points.ts';

const first = contentOf(Buffer.from('the one and only'), 'one');
const second = contentOf(Buffer.from('too late, and longer'), 'two');
const third = contentOf(Buffer.from('one too many'), 'three');

const workers = await startWorkers(t, 'acceptor', [{}, {}, {}]);

t.test('P1–P5: two versions under one form, the acceptor ended at every call', async (t) => {
  await assertKillPoints(t, workers, { contents: [first, second] });
});

t.test('P1–P5: the later version’s event first, the acceptor ended at every call', async (t) => {
  await assertKillPoints(t, workers, { contents: [first, second], isReversed: true });
});

t.test('P4: more versions than are kept, the acceptor ended at every call', async (t) => {
  const bounded = await startWorkers(t, 'acceptor', [{ KEPT_DUPLICATES: '1' }, { KEPT_DUPLICATES: '1' }]);
  await assertKillPoints(t, bounded, { contents: [first, second, third], keptDuplicates: 1 });
  await assertCounts(t, bounded);
});

t.test('P4: each upload is counted once over all of it', (t) => assertCounts(t, workers));
