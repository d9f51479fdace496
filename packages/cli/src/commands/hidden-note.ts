import { printable } from '@upload-once/text/printable';
import { FEW_DEAD_LETTERS, REDRIVE_HIDES_SECONDS } from '../repair/index.ts';

/**
 * Messages of a dead-letter queue that SQS gives to no one now: who holds them, and when they are back. In lines, without the last line
 * feed.
 *
 * @param notDone what this run did not do about them, as a sentence
 * @param again the command that is to be run again
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
  notDone: string,
  now: Date,
  again: string,
): string {
  const after = (seconds: number) =>
    `${new Date(now.getTime() + seconds * 1000).toISOString().slice(0, 19)}Z`;
  const name = printable(deadLetterUrl.slice(deadLetterUrl.lastIndexOf('/') + 1));
  const [messages, are, these, none] =
    hidden === 1
      ? ['message', 'is', 'this message', 'This message is not lost']
      : ['messages', 'are', 'these messages', 'None of these messages is lost'];
  const usual = after(REDRIVE_HIDES_SECONDS.usual);
  const when =
    hidden + visible <= FEW_DEAD_LETTERS
      ? `${usual} or later`
      : `${usual} or later. Some may be hidden until ${after(REDRIVE_HIDES_SECONDS.most)}`;
  return [
    `about ${hidden} ${messages} of ${name} ${are} hidden. ${notDone}`,
    `A redrive or an audit that runs now may hold ${these}. A redrive or an audit that was killed may hold ${these} too.`,
    `${none}: SQS shows ${these} again by itself.`,
    ...(isCountLate
      ? [
          `SQS's count can be a minute late: a redrive that has just ended may have moved ${these} back already.`,
        ]
      : []),
    `When no other redrive or audit runs, run this again at ${when}:`,
    `  ${again}`,
  ].join('\n');
}
