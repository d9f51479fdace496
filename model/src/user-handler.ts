import { type MemoryObjectStore, uploadKeyOfAccepted } from '@upload-once/uploads';
import { AcceptedObjectGone } from '../../services/processor/src/call-handler.ts';
import type { Handler } from '../../services/processor/src/handler.ts';
import { type Facts, type StoredVersion, theUpload } from './facts.ts';
import { HandlerFails } from './handler-fails.ts';
import type { Rules } from './rules.ts';
import type { WorkerProcess } from './simulation/worker-process.ts';

/** What one run of the user's handler does after it has read the object. */
export interface HandlerPlan {
  readonly seconds: number;
  readonly outcome: 'done' | 'fails' | 'takes the object away';
  readonly heedsSignal: boolean;
}

const AT_ONCE: HandlerPlan = { seconds: 0, outcome: 'done', heedsSignal: true };

/** The user, who looks at every byte, works as long as the plan says, and may take the object away when done, or before. */
export function createUser(facts: Facts, rules: Rules, objects: () => MemoryObjectStore) {
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

  function handlerIn(process: WorkerProcess): Handler {
    return async (upload, { attempt, signal }) => {
      const plan = plans.shift() ?? AT_ONCE;
      const key = facts.of(uploadKeyOfAccepted(upload.key));
      key.runs.set(attempt, plan.heedsSignal ? 'running' : 'deaf');
      signal.addEventListener('abort', () => rules.brokenOff(key, attempt, signal.reason));
      try {
        const expected = theUpload(key);
        try {
          const object = await upload.open();
          const bytes = Buffer.concat(await object.body.toArray());
          const isEqual = expected !== undefined && isSame(bytes, object, expected);
          rules.must(isEqual, 'P2', `${upload.key}: what was accepted is not what was uploaded first`);
        } catch (error) {
          if (!(error instanceof AcceptedObjectGone)) throw error;
          rules.must(
            key.isTaken,
            'P3',
            `${upload.key} ${upload.versionId} is gone, and the user did not take it`,
          );
        }
        await sleep(process, plan.seconds, plan.heedsSignal ? signal : undefined);
        if (plan.outcome === 'fails') throw new HandlerFails('the handler fails');
        key.runs.set(attempt, 'done');
        if (plan.outcome === 'takes the object away') await take(upload.key, true);
      } catch (error) {
        key.runs.set(attempt, 'failed');
        throw error;
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
  process.timers.after(seconds * 1000, resolve);
  signal?.addEventListener('abort', () => reject(signal.reason));
  return promise;
}
