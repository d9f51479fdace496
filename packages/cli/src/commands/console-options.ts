import type { QueueName } from '@upload-once/console';
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

export const CONSOLE_HELP = `Usage: upload-once console [--write] [options]

Serves a page on this machine, and prints its address. The page shows uploads as they happen, the queues with
their dead letters, one upload with all that was sent under its key and its trace, and the audit. It works with
your own AWS credentials. Ctrl-C ends it.

The address has a token, which is a new one at each start. Do not pass the address on: anyone who has it and can
reach this machine's 127.0.0.1 sees what you see. The console listens on 127.0.0.1 only. From another machine, use ssh:

  ssh -L 8300:127.0.0.1:8300 HOST      with "upload-once console --port 8300" there

Without --write, the console changes nothing. It reads log and bucket only when you ask. While a page shows them,
it reads metrics once a minute, and the queues' attributes more often. All this costs money on AWS. To show a dead
letter, the console has to receive it: this counts as one more receive.

  --write                also move dead letters back, and send missing events again, each after a preview
  --trials               also show buttons that upload: once, twice, too late, tampered with. They need --write,
                         UPLOAD_ONCE_URL and UPLOAD_ONCE_API_KEY. Do not use them on an installation that others use
  --port PORT            the port on 127.0.0.1 (default: any free one)
  --name NAME            the installation's name in Terraform (default: $UPLOAD_ONCE_NAME): its log groups are
                         /ecs/NAME-url-issuer and so on. Without it, the page shows no log, metric or trace of AWS
  --environment NAME     the services' ENVIRONMENT, for the metrics (default: $ENVIRONMENT, or --name)
  --log-folder FOLDER    read log files of this folder, instead of CloudWatch (default: $UPLOAD_ONCE_LOG_FOLDER)
  --traces-url URL       ask this receiver for traces, instead of AWS X-Ray (default: $UPLOAD_ONCE_TRACES_URL)
  --bucket BUCKET        the bucket (default: $BUCKET). Without it, there is no audit, and the queues are not
                         compared with those that the bucket sends its events to
${OPERATOR_HELP.replace(/ {2}--json .*\n/, '')}

With UPLOAD_ONCE_CONSOLE_TOKEN in the environment, the token is its value, and the address is printed without the token. Use this
for a program that starts the console and logs its output.

Exit code:
  0    it was ended by Ctrl-C
  1    it could not be started
  2    the command line is wrong
`;

export interface ConsoleCommandOptions {
  readonly isWritable: boolean;
  readonly port: number;
  /** 22 characters of base64url or more; undefined: one is made. */
  readonly token: string | undefined;
  /** On AWS; undefined: its log, metrics and traces are not read. */
  readonly name: string | undefined;
  readonly environment: string | undefined;
  readonly logFolder: string | undefined;
  readonly tracesUrl: string | undefined;
  readonly bucket: string | undefined;
  readonly table: string;
  readonly recordRetentionSeconds: number;
  readonly queueUrls: Readonly<Partial<Record<QueueName, string>>>;
  /** For the buttons that upload; undefined: there are none. */
  readonly trials: { readonly issuerUrl: string; readonly apiKey: string } | undefined;
}

/** @throws UsageError */
export function readConsoleOptions(
  args: readonly string[],
  env: CliIo['env'],
): ConsoleCommandOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const token = env['UPLOAD_ONCE_CONSOLE_TOKEN'] || undefined;
  if (token !== undefined && !/^[\w-]{22,}$/.test(token))
    throw new UsageError(
      'UPLOAD_ONCE_CONSOLE_TOKEN takes 22 or more letters, digits, "-" and "_", chosen at random',
    );
  const tracesUrl = setting(values, 'traces-url', env, 'UPLOAD_ONCE_TRACES_URL');
  if (tracesUrl !== undefined && !/^https?:\/\/./.test(tracesUrl))
    throw new UsageError(`--traces-url takes an http or https URL, not ${JSON.stringify(tracesUrl)}`);
  const name = setting(values, 'name', env, 'UPLOAD_ONCE_NAME');
  const urls = readQueueUrls(values, env);
  return {
    isWritable: values.write ?? false,
    port: wholeNumber('--port', values.port ?? '0', 0, 65_535),
    token,
    name,
    environment: setting(values, 'environment', env, 'ENVIRONMENT') ?? name,
    logFolder: setting(values, 'log-folder', env, 'UPLOAD_ONCE_LOG_FOLDER'),
    tracesUrl,
    bucket: setting(values, 'bucket', env, 'BUCKET'),
    ...readTableSettings(values, env),
    queueUrls: {
      ...(urls.uploads !== undefined && { uploads: urls.uploads }),
      ...(urls.accepted !== undefined && { accepted: urls.accepted }),
      ...(urls.webhooks !== undefined && { webhooks: urls.webhooks }),
    },
    trials: values.trials ? trialsOf(values.write ?? false, env) : undefined,
  };
}

function trialsOf(isWritable: boolean, env: CliIo['env']) {
  const { UPLOAD_ONCE_URL: issuerUrl, UPLOAD_ONCE_API_KEY: apiKey } = env;
  if (!isWritable) throw new UsageError('--trials needs --write: its buttons upload files');
  if (!issuerUrl || !apiKey) throw new UsageError('--trials needs UPLOAD_ONCE_URL and UPLOAD_ONCE_API_KEY');
  return { issuerUrl, apiKey };
}

function parse(args: readonly string[]) {
  const { json: _, ...shared } = OPERATOR_OPTIONS;
  return parseCommandLine({
    args: [...args],
    options: {
      ...shared,
      write: { type: 'boolean' },
      trials: { type: 'boolean' },
      port: { type: 'string' },
      name: { type: 'string' },
      environment: { type: 'string' },
      'log-folder': { type: 'string' },
      'traces-url': { type: 'string' },
      bucket: { type: 'string' },
    },
  }).values;
}
