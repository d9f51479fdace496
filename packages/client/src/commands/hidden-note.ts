import { FEW_DEAD_LETTERS, REDRIVE_HIDES_SECONDS } from '@upload-once/repair';
import { printable } from '../printable.ts';

/**
 * Messages of a dead-letter queue that SQS gives to no one now: who holds them, and when they are back. In lines, without the last line
 * feed.
 *
 * @param told what this run did not do about them, as a sentence
 * @param of.visible how many more the queue has: of few in all, one time is known
 * @param of.isCountLate SQS counted some of them as visible, and did not give them
 */
export function hiddenNote(
  {
    deadLetterUrl,
    hidden,
    visible,
    isCountLate = false,
  }: {
    readonly deadLetterUrl: string;
    readonly hidden: number;
    readonly visible: number;
    readonly isCountLate?: boolean;
  },
  told: string,
  now: Date,
): string {
  const after = (seconds: number) =>
    `${new Date(now.getTime() + seconds * 1000).toISOString().slice(0, 19)}Z`;
  const name = printable(deadLetterUrl.slice(deadLetterUrl.lastIndexOf('/') + 1));
  const [messages, are, them] = hidden === 1 ? ['message', 'is', 'it'] : ['messages', 'are', 'them'];
  const lost = hidden === 1 ? 'It is not lost' : 'None of them is lost';
  const usual = after(REDRIVE_HIDES_SECONDS.usual);
  const when =
    hidden + visible <= FEW_DEAD_LETTERS
      ? usual
      : `${usual} as a rule, and at ${after(REDRIVE_HIDES_SECONDS.most)} at the latest`;
  return [
    `about ${hidden} ${messages} of ${name} ${are} hidden. ${told}`,
    `A redrive or an audit that runs now holds ${them}, or one that was killed. ${lost}: SQS shows ${them} again by itself.`,
    ...(isCountLate
      ? [`SQS's count can be a minute late: if a redrive has just ended, it may have moved ${them} already.`]
      : []),
    `If a redrive still runs, wait for its end. If none runs, run this again at ${when}.`,
  ].join('\n');
}
