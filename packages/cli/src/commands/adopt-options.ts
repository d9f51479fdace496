import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';
import { readTableSettings, setting } from './operator-options.ts';
import { parseCommandLine } from './parse-command-line.ts';

/** No API key has this id: `upload-once keys` makes others. */
const NO_API_KEY = 'adopted';
const MAX_WORDS = 500;

export const ADOPT_HELP = `Usage: upload-once adopt --since TIME [--yes --by NAME --reason TEXT] [options]
       upload-once adopt KEY VERSION  [--yes --by NAME --reason TEXT] [options]

Records, on your word, that a file is an upload. Use it after the table was restored to an earlier time, or after a
file was put back under accepted/. No service accepts what is not on record, so only you can say that it is an
upload. docs/recovery.md has the steps. Without --yes it shows what it would do, and writes nothing.

It names each version that S3 stored at TIME or later and that the table does not know, and says what it is:

  under accepted/, no upload, or one that is only ISSUED or CLAIMED
             the acceptor copied it after the restored time. Its upload is recorded as ACCEPTED with this version
  under accepted/, no upload, and its id is older than the record retention
             its record may have expired, which is normal. It is left, or with --processed recorded as PROCESSED
  under accepted/, another version is the accepted one, and that version is gone
             the file was put back. If it has the same bytes, it becomes the accepted version, also if it was
             recorded as an orphan. The same SHA-256, or the same size and MD5 (ETag), shows that
  under uploads/, no upload
             it came after the restored time. Its upload is recorded as ISSUED again, and the acceptor accepts it

The bucket's policy lets only the acceptor write under accepted/, and only forms and presigned URLs under uploads/. So
what is there was issued by your url-issuer, or written while that policy was off. The log of the url-issuer names
each upload that it issued, and its API key.

It adopts no version of an upload that was revoked or is being processed, none that was recorded as duplicate or
refused, and none whose size or SHA-256 is not what was signed. Name any other orphan by KEY and VERSION. Name a version
in the same way if its key is not one that a url-issuer makes.

The record of an adopted upload says when it was adopted, by whom and why. If the upload's own record is lost, the new
one has --api-key as the API key, the file's size as the only constraint, and none of the client's metadata. This
command sends no event. Afterwards, run "upload-once audit --repair --older-than 0". You can run this command again,
interrupt it, and run it while the services work.

  --since TIME           the restored time, in ISO 8601, for example 2030-01-31T12:00:00Z. By S3's clock
  --yes                  record it. Needs --by and --reason
  --by NAME              who says so, for the record
  --reason TEXT          why, for the record
  --api-key ID           the id of the API key that uploads without a record belong to (default: "${NO_API_KEY}", which no
                         client has). The url-issuer's log has it: apiKeyId
  --processed            record as PROCESSED what would otherwise be recorded as ACCEPTED, so that no handler runs. Use
                         it if all this work was done before: the processor's log then has "upload processed" for
                         each. WARNING: uploads that no handler has seen are recorded as PROCESSED too
  --sha256 HEX           with KEY and VERSION: the SHA-256 that the accepted file had, from your own records
  --bucket BUCKET        the bucket of uploads/ and accepted/ (default: $BUCKET)
  --table TABLE          the table of the uploads (default: $UPLOADS_TABLE, or "uploads")
  --record-retention-days DAYS
                         the services' RECORD_RETENTION_DAYS (default: $RECORD_RETENTION_DAYS). --since needs it
  --json                 one JSON object a line on standard output
  --help                 this text

To compare files it reads them whole: run it in the bucket's region, in CloudShell for example. With --since it lists both
prefixes: 1,000 list requests for each million versions.

Exit code:
  0    nothing was found, or all that was found was recorded
  1    it did not finish, or an upload changed meanwhile. Run it again
  2    the command line is wrong. Nothing was done
  4    something was found and not recorded: without --yes, or because of what the list says
  5    standard output could not be written: the run stopped before its end. Run it again with another output file
  130  interrupted before its end. Run it again: what is recorded is not recorded again
`;

export interface AdoptOptions {
  /** What followed the command's name. */
  readonly args: readonly string[];
  readonly bucket: string;
  readonly table: string;
  readonly recordRetentionSeconds: number;
  readonly what: { readonly since: Date } | { readonly key: string; readonly versionId: string };
  /** Undefined: it only shows. */
  readonly word: { readonly by: string; readonly reason: string } | undefined;
  readonly apiKeyId: string;
  readonly isProcessed: boolean;
  readonly sha256: string | undefined;
  readonly json: boolean;
}

/** @throws UsageError */
export function readAdoptOptions(args: readonly string[], env: CliIo['env']): AdoptOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const bucket = setting(values, 'bucket', env, 'BUCKET');
  if (bucket === undefined) throw new UsageError('the bucket is missing: set BUCKET or give --bucket');
  const sha256 = values.sha256?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256))
    throw new UsageError(`--sha256 takes 64 hexadecimal digits, not ${JSON.stringify(values.sha256)}`);
  const what = whatOf(positionals, values.since);
  if (sha256 !== undefined && 'since' in what)
    throw new UsageError('--sha256 is for one version: give KEY and VERSION');
  if ('since' in what && setting(values, 'record-retention-days', env, 'RECORD_RETENTION_DAYS') === undefined)
    throw new UsageError(
      "--since takes files whose records have expired for lost ones, unless it knows the services' days: set RECORD_RETENTION_DAYS or give --record-retention-days",
    );
  return {
    args,
    bucket,
    ...readTableSettings(values, env),
    what,
    word: values.yes ? { by: words('--by', values.by), reason: words('--reason', values.reason) } : undefined,
    apiKeyId: values['api-key'] === undefined ? NO_API_KEY : words('--api-key', values['api-key']),
    isProcessed: values.processed ?? false,
    sha256,
    json: values.json ?? false,
  };
}

function whatOf(positionals: readonly string[], since: string | undefined): AdoptOptions['what'] {
  const [key, versionId, ...more] = positionals;
  if (since !== undefined) {
    if (key !== undefined) throw new UsageError('--since and KEY exclude each other: give one of them');
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(since)
      ? Date.parse(since)
      : Number.NaN;
    if (Number.isNaN(time))
      throw new UsageError(
        `--since takes a time with its zone, for example "2030-01-31T12:00:00Z", not ${JSON.stringify(since)}`,
      );
    return { since: new Date(time) };
  }
  if (key === undefined || versionId === undefined || more.length > 0)
    throw new UsageError('give --since TIME, or KEY and VERSION');
  if (!/^(uploads|accepted)\/./.test(key))
    throw new UsageError(`KEY begins with "uploads/" or "accepted/", not ${JSON.stringify(key)}`);
  return { key, versionId };
}

function words(option: string, given: string | undefined): string {
  const text = given?.trim() ?? '';
  if (text === '') throw new UsageError(`--yes needs --by and --reason, and ${option} is missing or blank`);
  if (text.length > MAX_WORDS)
    throw new UsageError(`${option} takes up to ${MAX_WORDS} characters, not ${text.length}`);
  return text;
}

function parse(args: readonly string[]) {
  return parseCommandLine({
    args: [...args],
    allowPositionals: true,
    options: {
      since: { type: 'string' },
      yes: { type: 'boolean' },
      by: { type: 'string' },
      reason: { type: 'string' },
      'api-key': { type: 'string' },
      processed: { type: 'boolean' },
      sha256: { type: 'string' },
      bucket: { type: 'string' },
      table: { type: 'string' },
      'record-retention-days': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}
