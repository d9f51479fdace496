import { DEFAULT_BURST, DEFAULT_RATE_PER_SECOND } from './options.ts';
import { DEFAULT_OLD_HOURS } from './rotate.ts';

export const KEYS_HELP = `Usage:
  upload-once keys create --name NAME [LIMITS]
  upload-once keys import --name NAME [LIMITS] < FILE
  upload-once keys list [--json]
  upload-once keys set ID [--name NAME] [LIMITS]
  upload-once keys rotate ID [--old-hours N | --remove old | --remove new]
  upload-once keys disable ID
  upload-once keys enable ID
  upload-once keys delete ID

create   makes an API key and prints it, once, on standard output; everything else goes to standard error.
         It cannot be printed again: the table has only its hash.
import   records a value that clients have already. It can be any text that an HTTP header can carry. The command reads
         it from standard input, never from the command line, so that no shell history and no process list shows it.
list     shows all keys with their ids and limits, and when their values were made; with --json one object a line.
set      changes only the limits that you give, and prints the old and the new ones. The key's values stay the same. A
         higher rate does not raise the burst. "none" removes a limit: --quota none, --types none, --max-bytes none.
rotate   prints a second value for the same key, once. The old value works for 24 more hours (--old-hours), then only
         the new one. "keys list" shows "until" and that time. While a key has two values, rotate makes no third.
         --remove old stops the old value now: give your clients the new one first. --remove new stops the new value,
         also for clients that use it already; the old one then works without a time limit.
         If the old value has leaked, stop it at once: "rotate ID --old-hours 0". If the key has two values already,
         use "rotate ID --remove old". Each client then fails until it has the new value.
disable  stops a key, within 10 seconds everywhere; enable starts it again with the same values.
delete   removes a key for good. What was uploaded with it stays.

Limits:
  --rate N       requests a second in the long run, can be a fraction (default ${DEFAULT_RATE_PER_SECOND})
  --burst N      requests that can come at once, a whole number (default ${DEFAULT_BURST})
  --quota N      uploads from one 00:00 UTC to the next (default: any number)
  --types LIST   allowed content types, such as image/png,application/pdf or image/* (default: any).
                 A type with /* leaves out what browsers execute: HTML, SVG and other XML, JavaScript, and what
                 older software runs, such as HTA and Flash. Name these as well if you want them:
                 image/*,image/svg+xml
  --max-bytes N  the largest upload (default: what the installation allows)

Options:
  --name NAME    a name for people, such as the client's: logs and lists show it
  --old-hours N  how long the old value still works after "rotate", can be a fraction (default ${DEFAULT_OLD_HOURS})
  --table TABLE  the table of keys (default: UPLOAD_ONCE_ACCESS_TABLE, or "access")
  --help         this text

AWS region, endpoint and credentials come from the environment, as for any AWS tool: AWS_REGION,
AWS_ENDPOINT_URL_DYNAMODB, AWS_PROFILE, …

Exit code: 0 done; 1 not done, done in part, or unknown: standard error says which; 2 the command line is wrong, and
nothing was done; 5 done, but the output could not be written: standard error says what was made, and what to do;
130 interrupted: standard error says what is known.
`;
