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
back to the queues that they came from. Unknown messages, which tell of no upload, stay.
You can interrupt it: each message is then still in its dead-letter queue, or in its queue, or in both, which
does no harm. The records of the uploads are kept for the full time again, so that they outlive the messages.

For each version that a message tells of it shows how often the message was received, its age since it was
sent to its queue, the file's age since S3 stored it, and the upload's state.

WARNING: if the state is ISSUED or CLAIMED, the bucket's lifecycle deletes the file when it is 30 days old (the
default), also after a redrive, unless a service accepts it before.

Find out first why the messages died (the services' logs, and the reason shown here), and correct that.
Otherwise they are tried as often as the queue allows, and are back.

  --queue QUEUE          whose dead letters: "uploads" (the acceptor's), "accepted" (the processor's),
                         "both" (default), or the URL of the queue that the service reads. Do not give the
                         dead-letter queue's URL: it is found by the queue's redrive policy
  --yes                  move them, without asking
  --limit N              how many messages of each queue are shown, 1 to 1000 (default ${DEFAULT_LIMIT}). All are
                         moved or deleted, also those that are not shown
  --include-unknown      move also messages that are none of S3's events under uploads/ or accepted/
  --delete-unknown FILE  move nothing; delete those messages instead. Each is first written to FILE, which must
                         be new, as one JSON object a line. Without --yes it shows them and asks.
                         WARNING: it deletes those of the wrong queue as well. Have their events sent first
                         (see wrong-queue below)
  --bucket BUCKET        the bucket (default: $BUCKET). If given, the queues are compared with those that it sends its
                         events to, and an event of another bucket is "unknown" too
${OPERATOR_HELP}

What becomes of a message that it is to move:

  moved      it is back in its queue
  doubled    it is back in its queue, and could not be deleted here: harmless, and the next redrive tries again
  uncertain  no answer of SQS tells whether it is back in its queue. It stays: run the redrive again, harmless
  failed     it was not moved or not deleted, and stays: run the redrive again
  unknown    it tells of nothing under uploads/ or accepted/ of the bucket, and stays. Look at it, then
             --delete-unknown FILE removes it. Until then the alarm of dead letters goes on
  wrong-queue  it is an event of an upload that belongs to the other queue, and stays. "upload-once audit
             --repair --older-than 0" sends its event to the right queue. Once that audit has ended with
             exit code 0 or 4, and has sent an event for each such upload or does not name it,
             --delete-unknown FILE removes it, with every other message that is unknown or of the wrong queue
  came-back  it was moved a moment ago and is here again: what it failed of is not over. It stays

With --delete-unknown:

  deleted    it was written to the file, and is gone from the dead-letter queue
  left       it is an event of an upload, and stays. --yes without --delete-unknown moves it

To look at a message SQS has to hand it out: each look counts as one more receive.

Exit code:
  0    shown, moved or deleted; also where unknown messages stay
  1    it could not be shown, not all could be moved or deleted, or some were back at once
  2    the command line can't be carried out: for example, a queue does not exist, has no dead-letter queue, or
       is not the one that the bucket uses. Nothing was moved
  5    standard output could not be written: the run stopped before its end, and its list is incomplete. What was
       not moved is in its dead-letter queue still. Run it again with another output file
  6    some messages are hidden, and were neither shown nor moved: a redrive or an audit that runs now holds them,
       or one that was killed. The message says how many, and when to run it again. Nothing is lost
  130  interrupted: what was moved is told. Run it again for the rest
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
  const queue = values.queue ?? 'both';
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
  const named = { uploads: [uploads], accepted: [accepted], both: [uploads, accepted] };
  if (!Object.hasOwn(named, queue)) {
    if (queue.includes('/')) return [{ url: assertQueueUrl(queue, '--queue'), pipeline: undefined }];
    throw new UsageError(
      `--queue takes "uploads", "accepted", "both" or a URL, not ${JSON.stringify(queue)}`,
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
