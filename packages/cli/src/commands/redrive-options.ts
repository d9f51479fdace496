import type { CliIo } from '../cli-io.ts';
import { Pipeline } from '../repair/index.ts';
import { UsageError } from '../usage-error.ts';
import type { NamedQueue } from './checked-queues.ts';
import {
  assertQueueUrl,
  OPERATOR_HELP,
  OPERATOR_OPTIONS,
  OPTION_OF,
  readQueueUrls,
  readTableSettings,
  setting,
  wholeNumber,
} from './operator-options.ts';
import { parseCommandLine } from './parse-command-line.ts';

const DEFAULT_LIMIT = '20';

export const REDRIVE_HELP = `Usage: upload-once redrive [options]

Shows what is in the dead-letter queues. With --yes, or when you answer yes, it moves the events of uploads
back to the queues that they came from. Unknown messages, which are about no upload, stay.
You can interrupt it. Each message is then in its dead-letter queue, in its queue, or in both, which does no
harm. The retention of the uploads' records starts again, so that the records outlive the messages.

For each version it shows how often its message was received, how long ago the message was sent to its queue,
how long ago S3 stored the file, and the upload's state.

WARNING: if the state is ISSUED or CLAIMED, the bucket's lifecycle deletes the file when it is 30 days old (the
default), also after a redrive, unless a service accepts it before.

A webhook in a dead-letter queue was not delivered. Moved back, its event is sent as if it were new: at once, and then
again for three days if need be. Its "webhook-id" stays the same.

Find the cause first, in the services' logs and in the reason shown here, if there is one, and correct it. Before that, neither
redrive nor "upload-once audit --repair" helps: the messages are tried as often as the queue allows, and come back.

Wait 15 minutes after a redrive, and run "upload-once audit". The uploads that it no longer names are finished.
A message that is deleted or purged is lost, also after it was moved back to its queue. The upload stays, and audit
names it. If a repair sent its event in the last 14 days, only "upload-once audit --repair --again" sends it again.

  --queue QUEUE          the queue whose dead letters it shows: "uploads" (the acceptor's), "accepted" (the processor's),
                         "webhooks" (the webhook-sender's), "all" (default; "webhooks" only if its queue is given),
                         or the URL of the queue that the service reads. Do not give the dead-letter queue's URL:
                         it is found by the queue's redrive policy
  --yes                  move them, without asking
  --limit N              how many messages of each queue are shown, 1 to 1000 (default ${DEFAULT_LIMIT}). All are
                         moved or deleted, also those that are not shown
  --include-unknown      also move messages that are not S3's events under uploads/ or accepted/
  --delete-unknown FILE  move nothing, and delete those messages instead. Each is first written to FILE, which must
                         be new, as one JSON object a line. Without --yes it shows them and asks.
                         WARNING: it also deletes the messages of the wrong queue. Send their events first, as below
                         for wrong-queue
  --bucket BUCKET        the bucket (default: $BUCKET). If given, the queues are compared with those that it sends its
                         events to, and an event of another bucket is "unknown" too
${OPERATOR_HELP}

The outcome of each message, with --yes or after you answer yes:

  moved      it is back in its queue
  doubled    it is back in its queue, and could not be deleted here. This does no harm: the next redrive tries again
  uncertain  SQS did not confirm that it is back in its queue. It stays. Run the redrive again: this does no harm
  failed     it was not moved or not deleted, and stays. Run the redrive again
  unknown    it is not about a file under uploads/ or accepted/ of the bucket, and stays. Look at it, then
             remove it with --delete-unknown FILE. Until then the alarm of dead letters continues
  wrong-queue  it is an event of an upload that belongs to the other queue, and stays. "upload-once audit
             --repair --older-than 0" sends its event to the right queue. If that audit ends with exit code 0 or
             4, look at its list. If the list does not name the upload, or says of it "its event was sent now"
             or "an earlier repair sent its event", you can delete the message. If that event was deleted or
             purged since, first run that audit with --again. A message in the wrong queue does not count as
             lying in a dead-letter queue. --delete-unknown FILE deletes the message, with every other message
             that is unknown or of the wrong queue
  came-back  it was moved a moment ago and is here again: its cause remains. It stays. Correct the cause first

With --delete-unknown:

  deleted    it was written to the file, and is gone from the dead-letter queue
  left       it is an event of an upload, and stays. --yes without --delete-unknown moves it

To show a message, the command has to receive it: this counts as one more receive.

Exit code:
  0    shown, moved or deleted; also where unknown messages stay
  1    it could not be shown, not all could be moved or deleted, or some came back at once
  2    the command line is wrong: for example, a queue does not exist, has no dead-letter queue, or is not the one
       that the bucket uses. Nothing was moved
  5    standard output could not be written: the run stopped before its end, and its list is incomplete. What was
       not moved is still in its dead-letter queue. Run it again with another output file
  6    some messages are hidden, and were neither shown nor moved: a redrive or an audit that runs now, or one that
       was killed, holds them. The message says how many, and when to run it again. Nothing is lost
  130  interrupted: the output says what was moved. Run it again for the rest
`;

export interface RedriveOptions {
  /** What followed the command's name. */
  readonly args: readonly string[];
  /** As the option gives it. */
  readonly queue: string;
  /** The queues that messages go back to. */
  readonly queues: readonly NamedQueue[];
  readonly yes: boolean;
  readonly limit: number;
  readonly includeUnknown: boolean;
  /** The file for messages that are none of ours, which are then deleted; undefined: messages are moved. */
  readonly deleteUnknown: string | undefined;
  readonly bucket: string | undefined;
  readonly table: string;
  readonly recordRetentionSeconds: number;
  readonly json: boolean;
}

/** @throws UsageError */
export function readRedriveOptions(args: readonly string[], env: CliIo['env']): RedriveOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const deleteUnknown = values['delete-unknown'];
  if (deleteUnknown !== undefined && values['include-unknown'])
    throw new UsageError('--delete-unknown and --include-unknown exclude each other');
  if (deleteUnknown?.trim() === '')
    throw new UsageError('--delete-unknown is blank: the name of a new file was expected');
  const queue = values.queue ?? 'all';
  return {
    args,
    queue,
    queues: queuesOf(queue, readQueueUrls(values, env)),
    yes: values.yes ?? false,
    limit: wholeNumber('--limit', values.limit ?? DEFAULT_LIMIT, 1, 1000),
    includeUnknown: values['include-unknown'] ?? false,
    deleteUnknown,
    bucket: setting(values, 'bucket', env, 'BUCKET'),
    ...readTableSettings(values, env),
    json: values.json ?? false,
  };
}

function queuesOf(queue: string, known: ReturnType<typeof readQueueUrls>): NamedQueue[] {
  const { uploads, accepted } = Pipeline;
  const webhooks = 'webhooks' as const;
  const named = {
    uploads: [uploads],
    accepted: [accepted],
    webhooks: [webhooks],
    all: [uploads, accepted, ...(known.webhooks === undefined ? [] : [webhooks])],
  } as const;
  if (!Object.hasOwn(named, queue)) {
    if (queue.includes('/'))
      return [
        {
          url: assertQueueUrl(queue, '--queue'),
          pipeline: queue === known.webhooks ? webhooks : undefined,
        },
      ];
    throw new UsageError(
      `--queue takes "uploads", "accepted", "webhooks", "all" or a URL, not ${JSON.stringify(queue)}`,
    );
  }
  return named[queue as keyof typeof named].map((pipeline) => {
    const url = known[pipeline];
    if (url === undefined) throw new UsageError(`${OPTION_OF[pipeline]} is missing: the URL of the queue`);
    return { url, pipeline };
  });
}

function parse(args: readonly string[]) {
  return parseCommandLine({
    args: [...args],
    options: {
      ...OPERATOR_OPTIONS,
      queue: { type: 'string' },
      yes: { type: 'boolean' },
      limit: { type: 'string' },
      'include-unknown': { type: 'boolean' },
      'delete-unknown': { type: 'string' },
      bucket: { type: 'string' },
    },
  }).values;
}
