/** What the process says when it ends; documented in the help. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  outcomeUnknown: 3,
  found: 4,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
