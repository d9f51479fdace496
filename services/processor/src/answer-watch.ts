import type { Clock } from '@upload-once/clock';

/** How long a thread may take to answer, in seconds. If it takes longer, it is unknown how much time the runs in it had. */
export const ANSWER_SECONDS = 1;

/**
 * Asks a thread for an answer for as long as uploads are in it. It asks again no sooner than ANSWER_SECONDS later, and not before it is
 * answered: a block of less than twice that can go unnoticed.
 */
export function createAnswerWatch(options: {
  readonly ask: () => void;
  readonly isNeeded: () => boolean;
  /** Called after each ANSWER_SECONDS in which no answer came. */
  readonly onSilence: () => void;
  /** Called when a silent thread answers. */
  readonly onAnswer: () => void;
  readonly clock: Pick<Clock, 'after'>;
}) {
  const { ask, isNeeded, onSilence, onAnswer, clock } = options;
  let isAnswered = true;
  let isSilent = false;
  let cancel: (() => void) | undefined;

  function watch(): void {
    if (cancel !== undefined || !isNeeded()) return;
    if (isAnswered) ask();
    isAnswered = false;
    cancel = clock.after(ANSWER_SECONDS * 1000, () => {
      cancel = undefined;
      if (!isAnswered) {
        isSilent = true;
        onSilence();
      }
      watch();
    });
  }

  return {
    get isSilent() {
      return isSilent;
    },
    /** Where it is needed and not under way. */
    watch,
    answered(): void {
      const wasSilent = isSilent;
      isAnswered = true;
      isSilent = false;
      if (wasSilent) onAnswer();
    },
    stop: () => cancel?.(),
  };
}
