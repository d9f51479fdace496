import { uploadKeyOfAccepted } from '@upload-once/uploads';
import type { MemoryObjectStore } from '@upload-once/uploads/testing';
import { AcceptedObjectGone } from '../../../services/processor/src/call-handler.ts';
import type { Handler } from '../../../services/processor/src/handler.ts';
import { type Facts, type HandlerPlan, type StoredVersion, theUpload } from './facts.ts';
import { HandlerFails } from './handler-fails.ts';
import type { Rules } from './rules.ts';
import type { InThread } from './simulation/fake-thread.ts';
import type { WorkerProcess } from './simulation/worker-process.ts';

/** A block that takes so long is noticed. */
const NOTICED_SECONDS = 2;

/** The handler's own limit for a request has passed, because its thread was blocked. */
class TimedOut extends Error {}

const AT_ONCE: HandlerPlan = { seconds: 0, blocks: false, outcome: 'done', onSignal: 'rejects' };

/** The user, who looks at every byte, works as long as the plan says, and may take the object away when done, or before. */
export function createUser(
  facts: Facts,
  rules: Rules,
  objects: () => MemoryObjectStore,
  nowMs: () => number,
) {
  const plans: HandlerPlan[] = [];

  /** Removes (for good) or hides (with a delete marker) what lies on top under the key. */
  async function take(acceptedKey: string, forGood: boolean): Promise<void> {
    const there = await objects().head(acceptedKey);
    if (!there) return;
    const key = facts.of(acceptedKey);
    key.isTaken = true;
    if (forGood) await objects().deleteVersion(acceptedKey, there.versionId);
    else objects().putDeleteMarker(acceptedKey);
    key.onTop = undefined;
  }

  function handlerIn(process: WorkerProcess, thread: InThread): Handler {
    return async (upload, { attempt, signal }) => {
      await thread.goesOn();
      const key = facts.of(uploadKeyOfAccepted(upload.key));
      // What runs again within an attempt does what it did before.
      const plan = key.plans.get(attempt) ?? plans.shift() ?? AT_ONCE;
      key.plans.set(attempt, plan);
      rules.handlerBegins(key, attempt);
      key.runs.set(attempt, plan.onSignal === 'goes on' ? 'deaf' : 'running');
      let blockedSeconds = 0;
      thread.onBlock((seconds) => {
        blockedSeconds = Math.max(blockedSeconds, seconds);
        if (key.runs.get(attempt) === 'running') key.runs.set(attempt, 'deaf');
      });
      thread.onEnd(() => {
        if (key.runs.get(attempt) !== 'done') key.runs.set(attempt, 'failed');
      });
      signal.addEventListener('abort', () => rules.brokenOff(key, attempt, signal.reason));
      try {
        const expected = theUpload(key);
        try {
          const object = await upload.open();
          const bytes = Buffer.concat(await object.body.toArray());
          key.openedAtMs.set(attempt, nowMs());
          await thread.goesOn();
          const isEqual = expected !== undefined && isSame(bytes, object, expected);
          rules.must(isEqual, 'P2', `${upload.key}: what was accepted is not what was uploaded first`);
        } catch (error) {
          await thread.goesOn();
          if (!(error instanceof AcceptedObjectGone)) throw error;
          rules.must(
            key.isTaken,
            'P3',
            `${upload.key} ${upload.versionId} is gone, and the user did not take it`,
          );
        }
        if (plan.blocks) thread.block(plan.seconds);
        else await sleep(process, plan.seconds, plan.onSignal === 'goes on' ? undefined : signal);
        await thread.goesOn();
        if (plan.outcome === 'ends its thread') {
          key.hasFailed.add(attempt);
          thread.crash();
          await thread.goesOn();
        }
        if (plan.outcome === 'fails') throw new HandlerFails('the handler fails');
        if (plan.outcome === 'times out' && !plan.blocks && blockedSeconds >= NOTICED_SECONDS)
          throw new TimedOut('a request of the handler took too long');
        key.runs.set(attempt, 'done');
        if (plan.outcome === 'takes the object away') await take(upload.key, true);
      } catch (error) {
        await thread.goesOn();
        key.runs.set(attempt, 'failed');
        // Whom its signal or a neighbour breaks off has not failed by that.
        const isBrokenOff = signal.aborted && !(error instanceof HandlerFails);
        if (!isBrokenOff && !(error instanceof TimedOut)) key.hasFailed.add(attempt);
        if (!isBrokenOff || plan.onSignal !== 'returns') throw error;
      }
    };
  }

  return { plans, take, handlerIn };
}

export function isSame(
  bytes: Uint8Array,
  object: { readonly contentType: string | undefined; readonly metadata: Readonly<Record<string, string>> },
  expected: StoredVersion,
): boolean {
  return (
    Buffer.compare(bytes, expected.bytes) === 0 &&
    object.contentType === expected.attributes.contentType &&
    object.metadata['of'] === expected.attributes.metadata['of']
  );
}

function sleep(process: WorkerProcess, seconds: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  process.clock.after(seconds * 1000, resolve);
  signal?.addEventListener('abort', () => reject(signal.reason));
  return promise;
}
