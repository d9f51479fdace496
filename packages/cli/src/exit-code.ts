/** What the process says when it ends; docs/client.md has what each means, and a test holds it to this. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  outcomeUnknown: 3,
  found: 4,
  /** A result could not be written to standard output. */
  outputFailed: 5,
  /** Not all could be looked at yet; the message says when to run the command again. */
  tooEarly: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
