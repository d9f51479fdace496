import { randomBytes } from 'node:crypto';
import t from 'tap';
import { contentOf } from '../src/content.ts';
import { assertCounts, assertKillPoints, startWorkers } from './support/kill-points.ts';

/** From here up a copy goes in parts. */
const MULTIPART_BYTES = 64 * 1024 * 1024;

const large = contentOf(randomBytes(MULTIPART_BYTES), 'large');
const workers = await startWorkers(t, 'acceptor', [{}, {}]);

t.test('P1–P5: a copy in parts, its acceptor ended at every call', async (t) => {
  await assertKillPoints(t, workers, { contents: [large], isAlone: true });
});

t.test('P4: each upload is counted once over all of it', (t) => assertCounts(t, workers));
