import t from 'tap';
import { contentOf } from '../src/content.ts';
import { assertCounts, assertKillPoints, startWorkers } from './support/kill-points.ts';

const content = contentOf(Buffer.from('the one and only'), 'one');

const workers = await startWorkers(t, 'acceptor', [{}, {}, {}]);

t.test('P1–P5: one upload, its acceptor ended at every call', async (t) => {
  await assertKillPoints(t, workers, { contents: [content] });
});

t.test('P1, P3: an acceptor that is ended at any call finishes alone what it began', async (t) => {
  await assertKillPoints(t, workers, { contents: [content], isAlone: true });
});

t.test('P4: each upload is counted once over all of it', (t) => assertCounts(t, workers));
