import type { VersionName } from '@upload-once/uploads';
import t from 'tap';
import { recordOutput } from '../../../test/support/record-output.ts';
import { lastExpiryOf, removeAfterExpiry } from '../src/remove-after-expiry.ts';

const START = new Date('2026-01-01T00:00:00.000Z');
const HOUR_MS = 3_600_000;
const inMs = (ms: number) => new Date(START.getTime() + ms);
const version = (at: number): VersionName => ({ key: `uploads/${at}`, versionId: `V${at}` });

function started(refused: readonly string[] = []) {
  const removed: string[] = [];
  const timers: { readonly delayMs: number; readonly callback: () => void }[] = [];
  const { log, logLines } = recordOutput('acceptor', () => START);
  const removeLater = removeAfterExpiry({
    async remove({ versionId }) {
      if (refused.includes(versionId)) throw new Error(`${versionId} stays`);
      removed.push(versionId);
    },
    clock: {
      now: () => START,
      after(delayMs, callback) {
        timers.push({ delayMs, callback });
        return () => undefined;
      },
    },
    log,
  });
  return { removed, timers, logLines, removeLater };
}

t.test('P1: nothing is removed before an hour after the expiry', async (t) => {
  const { removed, timers, removeLater } = started();
  for (const lifeMs of [-HOUR_MS + 1, 0, 30_000, 7 * 24 * HOUR_MS]) {
    await removeLater(version(lifeMs), inMs(lifeMs));
    const delayMs = timers.at(-1)?.delayMs ?? 0;
    t.ok(delayMs >= lifeMs + HOUR_MS && delayMs < lifeMs + HOUR_MS + 60_000, `${lifeMs} ms: ${delayMs} ms`);
  }
  t.strictSame(removed, []);
});

t.test('P1: a link’s last URL is one that was signed just before the claim', async (t) => {
  const claimed = { versionId: 'V1', eTag: '', sizeBytes: 1, storedAt: START, claimedAt: inMs(HOUR_MS) };
  const upload = {
    key: 'uploads/1',
    apiKeyId: 'key-1',
    state: 'ACCEPTED',
    issuedAt: START,
    expiresAt: inMs(30 * 24 * HOUR_MS),
    constraints: { method: 'put', minBytes: 0, maxBytes: 1 },
    metadata: {},
    traceparent: '',
    attempt: 0,
    claimed,
  } as const;
  t.strictSame(lastExpiryOf(upload), upload.expiresAt, 'a URL that was signed once');
  t.strictSame(lastExpiryOf({ ...upload, signatureSeconds: 60 }), inMs(HOUR_MS + 60_000));
  const ended = { ...upload, expiresAt: START, signatureSeconds: 60 };
  t.strictSame(
    lastExpiryOf(ended),
    inMs(HOUR_MS + 60_000),
    'its end was brought forward after it was signed',
  );
});

t.test('what expired an hour ago is removed at once, and its event waits for it', async (t) => {
  const { removed, removeLater } = started(['V1']);
  await removeLater(version(0), inMs(-HOUR_MS));
  t.strictSame(removed, ['V0']);
  await t.rejects(removeLater(version(1), inMs(-HOUR_MS)), { message: 'V1 stays' });
});

t.test('uploads of one minute go together, each once; one that fails is left to the lifecycle', async (t) => {
  const { removed, timers, logLines, removeLater } = started(['V1']);
  for (const at of [0, 1, 2, 0]) await removeLater(version(at), inMs(1_000 * at + 1));
  t.equal(timers.length, 1);
  timers[0]?.callback();
  await new Promise(setImmediate);
  t.strictSame(removed, ['V0', 'V2']);
  t.match(logLines, [{ count: 1, msg: 'uploads of presigned PUTs left to the lifecycle' }]);
});

t.test('no more than 100,000 are remembered at a time', async (t) => {
  const { removed, timers, removeLater } = started();
  for (let at = 0; at <= 100_000; at += 1) await removeLater(version(at), START);
  timers[0]?.callback();
  await new Promise(setImmediate);
  t.equal(removed.length, 100_000);
  await removeLater(version(1), START);
  t.equal(timers.length, 2, 'there is room again');
});
