import { REDRIVE_HIDES_SECONDS } from '@upload-once/repair';
import { printable } from '../printable.ts';

/** Messages of a dead-letter queue that SQS gives to no one now: whose hands they are in, and when they are back. */
export function hiddenNote(
  { deadLetterUrl, hidden }: { readonly deadLetterUrl: string; readonly hidden: number },
  now: Date,
): string {
  const after = (seconds: number) =>
    `${new Date(now.getTime() + seconds * 1000).toISOString().slice(0, 19)}Z`;
  const name = printable(deadLetterUrl.slice(deadLetterUrl.lastIndexOf('/') + 1));
  const [messages, are, have] = hidden === 1 ? ['message', 'is', 'has'] : ['messages', 'are', 'have'];
  return (
    `about ${hidden} ${messages} of ${name} ${are} hidden, and ${have} been neither seen nor moved: a redrive or a look that runs now has ` +
    `them, or one that was ended in the middle had. SQS shows them again by itself, by ${after(REDRIVE_HIDES_SECONDS.usual)} as a rule, ` +
    `after a redrive of many messages by ${after(REDRIVE_HIDES_SECONDS.most)}. Nothing is lost. Run this again then.`
  );
}
