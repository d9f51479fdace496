import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { CopyNotSent } from '../src/copy-sender.ts';
import type { HeldMessage } from '../src/held-message.ts';
import { sendCopyHeld } from '../src/send-copy-held.ts';

/** A copy that SQS does not take, of a message whose heartbeats are counted. */
function sending({ isFailing = false } = {}) {
  const clock = new VirtualClock();
  const ended = new AbortController();
  const message = { isLost: false, beats: false };
  const held: HeldMessage = {
    signal: new AbortController().signal,
    get isLost() {
      return message.isLost;
    },
    onHeartbeat: () => () => undefined,
    abort: () => undefined,
    async endHeartbeats() {
      message.beats = false;
    },
    resumeHeartbeats() {
      message.beats = true;
    },
    longestWaitSeconds: () => 60,
    giveBack: async () => undefined,
  };
  const seen = { sends: 0, delays: 0 };
  const failure = sendCopyHeld({
    copies: {
      async send() {
        seen.sends += 1;
        throw new CopyNotSent('SQS is away');
      },
    },
    copy: { body: '{}' },
    deleter: { delete: async () => undefined, isFailing },
    held,
    ended: ended.signal,
    clock,
    random: () => 0.5,
    onDelayed: () => {
      seen.delays += 1;
    },
  });
  return { clock, ended, message, seen, failure };
}

t.test('a copy that SQS does not take is sent five times, and each delay is reported', async (t) => {
  const { clock, message, seen, failure } = sending();
  for (let attempt = 1; attempt < 5; attempt += 1) {
    await setImmediate();
    t.equal(seen.sends, attempt);
    t.equal(message.beats, true, 'the message is held meanwhile');
    clock.advance(60_000);
  }
  t.match(await failure, { code: 'CopyNotSent', message: 'SQS is away' });
  t.strictSame(seen, { sends: 5, delays: 4 });
  t.equal(message.beats, false);
});

t.test('P3: who stops waiting sends the copy once more, and who has lost the message does not', async (t) => {
  for (const isLost of [false, true]) {
    const { ended, message, seen, failure } = sending();
    await setImmediate();
    message.isLost = isLost;
    ended.abort();
    t.match(await failure, { code: 'CopyNotSent' });
    t.equal(seen.sends, isLost ? 1 : 2);
  }
});

t.test('P3: while SQS deletes nothing, no copy is sent, and the failure says so', async (t) => {
  const { ended, seen, failure } = sending({ isFailing: true });
  await setImmediate();
  ended.abort();
  t.match(await failure, { code: 'CopyNotSent', message: /^SQS deletes no messages/ });
  t.equal(seen.sends, 0);
});
