import { RequestRefused } from './access-rules.ts';
import { inPlainWords } from './plain-words.ts';
import type { ConsoleSources, QueueName, RedriveResult } from './ports.ts';

/** A preview of a redrive or a repair is no longer true after this time. */
export const PREVIEW_MS = 10 * 60_000;

/** Each page has one. More are those of pages that looked again. */
const MOST_PREVIEWS = 50;

interface Preview {
  readonly id: string;
  readonly queue: QueueName;
  readonly atMs: number;
  readonly messageIds: readonly string[];
}

/** The last redrive of a queue, which a page may have left before its end. */
export interface LastRedrive {
  readonly startedAt: Date;
  /** Undefined: it runs. */
  readonly endedAt?: Date;
  readonly result?: RedriveResult;
  /** Why it did not come to its end. */
  readonly problem?: string;
}

/** What changes something now, and may not be cut off in the middle. */
export interface UnderWay {
  /** In words: `the redrive of …`. */
  readonly what: string;
  /** Resolves when it has ended, with what became of it, in words. */
  readonly ended: Promise<string>;
}

/** Redrives of what a page has shown, and of nothing else: one at a time of each queue. */
export function createRedrives(options: {
  readonly deadLetters: ConsoleSources['deadLetters'];
  readonly now: () => Date;
  readonly newId: () => string;
}) {
  const { deadLetters, now, newId } = options;
  /** By their ids, the oldest first: each page that looks has its own. */
  const previews = new Map<string, Preview>();
  const lasts = new Map<QueueName, LastRedrive>();
  const underWay = new Map<QueueName, UnderWay>();

  /** What became of it is in `lasts`, also for a page that has gone. */
  async function redrive(queue: QueueName, messageIds: readonly string[], signal: AbortSignal) {
    const startedAt = now();
    lasts.set(queue, { startedAt });
    try {
      const result = await deadLetters.redrive(queue, messageIds, signal);
      lasts.set(queue, { startedAt, endedAt: now(), result });
      return result;
    } catch (error) {
      lasts.set(queue, { startedAt, endedAt: now(), problem: inPlainWords(error) });
      throw error;
    } finally {
      underWay.delete(queue);
    }
  }

  return {
    /** The dead letters of a queue, with the id by which they can be moved. */
    async preview(queue: QueueName) {
      const look = await deadLetters.look(queue);
      const messageIds = [...new Set(look.rows.map(({ messageId }) => messageId))];
      const preview = { id: newId(), queue, atMs: now().getTime(), messageIds };
      previews.set(preview.id, preview);
      const [oldest] = previews.keys();
      if (previews.size > MOST_PREVIEWS && oldest !== undefined) previews.delete(oldest);
      const rows = look.rows.map((row) => ({ ...row, uploadId: row.uploadId ?? null }));
      return { ...look, rows, previewId: preview.id };
    },

    /** Moves what the preview has shown. @throws RequestRefused 409 */
    async move(queue: QueueName, previewId: unknown, signal: AbortSignal) {
      const preview = typeof previewId === 'string' ? previews.get(previewId) : undefined;
      const isTrue = preview?.queue === queue && now().getTime() - preview.atMs <= PREVIEW_MS;
      if (!isTrue)
        throw new RequestRefused(
          409,
          'NoPreview',
          'look at the dead letters again: what was shown is too old, or was moved',
        );
      const before = lasts.get(queue);
      if (before && !before.endedAt)
        throw new RequestRefused(409, 'UnderWay', 'a redrive of this queue is under way');
      previews.delete(preview.id);
      const moving = redrive(queue, preview.messageIds, signal);
      const ended = moving.then(
        ({ outcomes }) => outcomeWords(outcomes),
        (error) => inPlainWords(error),
      );
      underWay.set(queue, { what: `the redrive of the queue "${queue}"`, ended });
      return moving;
    },

    /** The redrives that have not ended. */
    underWay: (): readonly UnderWay[] => [...underWay.values()],

    last: (queue: QueueName): LastRedrive | undefined => lasts.get(queue),
  };
}

function outcomeWords(outcomes: RedriveResult['outcomes']): string {
  const words = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  return words.join(', ') || 'nothing was moved';
}
