import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';
import {
  OPERATOR_HELP,
  OPERATOR_OPTIONS,
  readQueueUrls,
  readTableSettings,
  setting,
  wholeNumber,
} from './operator-options.ts';
import { parseCommandLine } from './parse-command-line.ts';

const DEFAULT_OLDER_THAN_MINUTES = '15';

export const AUDIT_HELP = `Usage: upload-once audit [--repair] [options]

Compares the bucket and the table, and names the uploads that did not finish:

  no-outcome    a version under uploads/ that is neither claimed nor recorded as duplicate, refused or orphan
  not-recorded  a version under accepted/ that no upload names as the accepted one
  unclaimed     a version under accepted/ whose upload is only ISSUED: the table was restored to an earlier
                time, or someone else wrote the version. --repair leaves it alone
  covered       the accepted version, with a later version over it: a file was put back over it. The bucket's
                lifecycle deletes what is covered. --repair leaves it alone
  stuck         an upload that is CLAIMED or ACCEPTED, or PROCESSING without a lease, for too long
  failed        an upload whose handler failed as often as the queue allows
  not-reported  a duplicate, refused version or orphan, or a count of them, that may never have been reported

If the webhook-sender's queue is given, it also counts the webhooks that were not delivered, and ends with exit code 4 if
there are any. Only "upload-once redrive" sends their events again.

The usual cause is a lost event or a deleted queue. --repair sends the missing events again, to the acceptor's
or the processor's queue. The services then continue from what is there. Before that it extends the retention of
the uploads' items, so that they outlive the messages. You can run it again, interrupt it, and run it while the
services work.

After a repair the list says of each upload what was done about its event:

  "its event was sent now"
             this repair sent it. The service works on it
  "left alone: an earlier repair sent its event at TIME"
             a repair of the last 14 days sent it. The service works on it, or tries it again by itself. If its
             message was deleted or purged since, audit does not see that. Then --again sends the event again
  "left alone: its message lies in the dead-letter queue"
             it failed. Correct the cause first. Then move it back with "upload-once redrive". Before the cause is
             corrected, neither redrive nor --repair helps: the message comes back
  "left alone without OPTION"
             only OPTION sends its event. Read below what OPTION does

Wait 15 minutes after a repair or a redrive, and run "upload-once audit". The uploads that it no longer names are
finished. If it still names an upload, find the reason in the services' logs.

  --repair               send the missing events
  --again                with --repair: also send what a repair sent before, and what is in a dead-letter queue.
                         Give it if a queue was purged or deleted, or a message was deleted, and a repair had run
                         in the 14 days before. The events of that repair may be lost, and without --again they
                         are left alone. If you are not sure, give it: an event that is sent twice does no harm.
                         But while the cause of a failure lasts, each --again adds a dead letter
  --retry-failed         with --repair: also for failed uploads. Use it only if their dead letters are lost:
                         otherwise "upload-once redrive" moves them back
  --record-orphans       with --repair: also for objects without an upload in the table. Each is recorded as an
                         orphan, with an alarm. It needs the services' own RECORD_RETENTION_DAYS, in one of the
                         two ways below. WARNING: with more days than the services have, it records files of
                         real uploads as orphans
  --older-than MINUTES   name only what is older than this, 0 to 525600 (default 15). After a queue
                         was purged give 0, because its youngest messages are gone too. Ages are counted
                         by S3's clock, not by this machine's
  --metrics              also write the metrics AuditRan (1) and AuditFindings to standard output, as a line of CloudWatch's
                         embedded metric format, if the audit came to its end. Needs ENVIRONMENT, the services' own: it
                         is the metrics' dimension
  --bucket BUCKET        the bucket of uploads/ and accepted/ (default: $BUCKET). A repair compares both queues
                         with those that this bucket sends its events to
${OPERATOR_HELP}

Objects older than --record-retention-days minus one day are not judged, because their items may be gone. With more
days than the services have, old objects of real uploads are named as objects without an upload.
For each million versions it makes 1,000 list requests and 10,000 to 20,000 BatchGetItem requests (up to 40,000
for versions without an upload), one after the other. It scans the whole table once.

Exit code:
  0    nothing was found, and nothing is too young to be judged
  1    it did not finish, or an event may not have been sent, whatever else was found. Run it again
  2    the command line is wrong: for example, a queue does not exist, has no dead-letter queue, or is not the one
       that the bucket uses. Nothing was done
  4    something was found, repaired or not. The message says what to do now. A repair that sent every event ends
       with 4 too
  5    standard output could not be written: the run stopped before its end, and its list is incomplete. Run it
       again with another output file
  6    one of three, and the message says which:
       - something is too young to be judged, and nothing else was found. It may be in progress, or lost. If a queue
         was purged or deleted, run a repair now, with --older-than 0, and with --again if a repair ran in the 14
         days before, or if you do not know. If no queue was purged or deleted, run the audit again at the time that the message names
       - something is being processed now, and nothing else was found. It is not judged while its lease runs, also
         with --older-than 0
       - with --repair: messages of a dead-letter queue are hidden. Nothing was repaired, and no event was sent.
         Run it again at the time that the message names
  130  interrupted before its end. Run it again: what a repair has sent is not sent again
`;

export interface AuditCommandOptions {
  /** What followed the command's name. */
  readonly args: readonly string[];
  /** The options that a repair needs beside these, as they are to be typed: the queues that neither they nor the environment name. */
  readonly missingQueues: readonly string[];
  readonly bucket: string;
  readonly table: string;
  readonly recordRetentionSeconds: number;
  readonly olderThanSeconds: number;
  /** Where events are sent; undefined: no repair. */
  readonly repair:
    | { readonly queueUrls: { readonly uploads: string; readonly accepted: string } }
    | undefined;
  /** Whose dead letters are counted; undefined: there are no webhooks. */
  readonly webhooksQueueUrl: string | undefined;
  readonly again: boolean;
  readonly retryFailed: boolean;
  readonly recordOrphans: boolean;
  readonly json: boolean;
  /** The dimension Environment of the metrics that are written; undefined: none are. */
  readonly environment: string | undefined;
}

/** @throws UsageError */
export function readAuditOptions(args: readonly string[], env: CliIo['env']): AuditCommandOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const bucket = setting(values, 'bucket', env, 'BUCKET');
  if (bucket === undefined) throw new UsageError('the bucket is missing: set BUCKET or give --bucket');
  for (const option of ['again', 'retry-failed', 'record-orphans'] as const) {
    if (values[option] && !values.repair) throw new UsageError(`--${option} is for --repair`);
  }
  if (
    values['record-orphans'] &&
    setting(values, 'record-retention-days', env, 'RECORD_RETENTION_DAYS') === undefined
  ) {
    throw new UsageError(
      "--record-orphans makes orphans of objects that have outlived their items, unless it knows the services' days: set RECORD_RETENTION_DAYS or give --record-retention-days",
    );
  }
  const environment = env['ENVIRONMENT']?.trim();
  if (values.metrics && !environment) {
    throw new UsageError("--metrics needs the services' environment: set ENVIRONMENT");
  }
  const minutes = values['older-than'] ?? DEFAULT_OLDER_THAN_MINUTES;
  return {
    args,
    missingQueues: [
      ...(setting(values, 'uploads-queue', env, 'UPLOAD_EVENTS_QUEUE_URL') ? [] : ['--uploads-queue', 'URL']),
      ...(setting(values, 'accepted-queue', env, 'ACCEPTED_EVENTS_QUEUE_URL')
        ? []
        : ['--accepted-queue', 'URL']),
    ],
    bucket,
    ...readTableSettings(values, env),
    olderThanSeconds: wholeNumber('--older-than', minutes, 0, 525_600) * 60,
    repair: values.repair ? { queueUrls: bothQueueUrls(values, env) } : undefined,
    webhooksQueueUrl: readQueueUrls(values, env).webhooks,
    again: values.again ?? false,
    retryFailed: values['retry-failed'] ?? false,
    recordOrphans: values['record-orphans'] ?? false,
    json: values.json ?? false,
    environment: values.metrics ? environment : undefined,
  };
}

function bothQueueUrls(values: Parameters<typeof readQueueUrls>[0], env: CliIo['env']) {
  const { uploads, accepted } = readQueueUrls(values, env);
  if (uploads === undefined || accepted === undefined) {
    throw new UsageError(
      '--repair needs both queues: set UPLOAD_EVENTS_QUEUE_URL and ACCEPTED_EVENTS_QUEUE_URL, or give --uploads-queue and --accepted-queue',
    );
  }
  if (uploads === accepted) {
    throw new UsageError(
      `the acceptor's and the processor's queue are two, and both options name ${uploads}`,
    );
  }
  return { uploads, accepted };
}

function parse(args: readonly string[]) {
  return parseCommandLine({
    args: [...args],
    options: {
      ...OPERATOR_OPTIONS,
      bucket: { type: 'string' },
      repair: { type: 'boolean' },
      again: { type: 'boolean' },
      'retry-failed': { type: 'boolean' },
      'record-orphans': { type: 'boolean' },
      'older-than': { type: 'string' },
      metrics: { type: 'boolean' },
    },
  }).values;
}
